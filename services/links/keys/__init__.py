"""API keys of a store: which exist, what they may do, which are revoked."""
