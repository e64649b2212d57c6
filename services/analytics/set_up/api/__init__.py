"""Checks by the API and in the console."""
