"""Goodwill: what a person of the store gives an ambassador by hand, and takes back of it."""
