"""What platforms' own ids of codes stand for: some tell of an order's codes by them alone."""
