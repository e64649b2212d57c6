"""A coffee shop that sells nothing: what a store that uses Kith looks like from outside."""
