"""SQL of payouts: who can be paid, payouts and batches, terms and requests."""
