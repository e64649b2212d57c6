"""Who referred each order: decided from facts, kept as revisions, shown with its reasons."""
