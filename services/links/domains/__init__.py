"""Proof that a domain is the store's own: what the store publishes, and the look that finds it."""
