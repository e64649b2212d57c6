"""Rewards: what each side is owed for an order, and the ledger that holds it."""
