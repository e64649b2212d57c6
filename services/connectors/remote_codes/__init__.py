"""What platforms' own ids of codes stand for: some name an order's codes by them alone."""
