"""What rules would have given, by the very functions that grant: pure."""
