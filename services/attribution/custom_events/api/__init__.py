"""The API of custom events."""
