"""What each state counts as, differences between states, and sketches of distinct people. Pure."""
