"""Spending points and store credit: reserved for an order or a redemption, used, or given back to its lots."""
