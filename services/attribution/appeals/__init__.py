"""Ambassadors say that a decision is wrong, or that a friend is missing, and the store answers."""
