"""What a program's rules give for an order, before any cap."""
