"""What ambassadors call their friends: numbers, by which nobody is known."""
