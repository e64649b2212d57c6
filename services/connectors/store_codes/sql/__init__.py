"""Reads and writes what is kept of codes."""
