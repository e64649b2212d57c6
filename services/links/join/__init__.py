"""Becoming an ambassador by oneself: the public page, and what comes of it once the address is proved."""
