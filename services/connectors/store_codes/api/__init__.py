"""What a store sees of its codes at its checkouts: the API, and the console's page."""
