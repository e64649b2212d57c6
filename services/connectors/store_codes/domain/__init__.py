"""What a code takes off, what a shop is asked for, and how its answers are read. Pure."""
