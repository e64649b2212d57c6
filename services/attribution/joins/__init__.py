"""Contacts whose customer the store's server has verified: each is one customer's, and reported once."""
