"""Reads and writes decisions, the current state of orders, and the index of people."""
