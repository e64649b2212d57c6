"""Connecting a store's accounts with platforms: the API of connections, the former one, and the console's pages."""
