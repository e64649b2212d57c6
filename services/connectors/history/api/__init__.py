"""The API of imports, and their part of a connection's page."""
