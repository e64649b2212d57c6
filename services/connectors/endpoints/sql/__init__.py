"""Reads and writes of endpoints, their messages and their deliveries."""
