"""Ways in: the API, and the console's page."""
