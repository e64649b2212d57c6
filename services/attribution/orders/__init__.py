"""Orders, refunds and cancellations come in here: told by the store, kept as facts, acknowledged after the commit."""
