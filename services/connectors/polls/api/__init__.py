"""The API of polls, and their part of a connection's page."""
