"""Orders, refunds and cancellations come in here: reported by stores, kept as facts, acknowledged after the commit."""
