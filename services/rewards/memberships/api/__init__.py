"""The HTTP of memberships."""
