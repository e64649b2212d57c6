"""What the store owes, and since when."""
