"""The services' names, without importing any of them."""

NAMES = ("links", "connectors", "attribution", "rewards", "analytics")
"""In the order in which decisions flow."""
