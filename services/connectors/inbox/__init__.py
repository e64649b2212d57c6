"""Deliveries of platforms: kept as they came, sealed, then read into facts of orders, which go on the orders' topic."""
