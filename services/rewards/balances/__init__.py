"""What somebody has: pending, available, lifetime, clawed back."""
