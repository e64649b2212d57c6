"""Stores: whose programs these are, and on which domains their pages live."""
