"""Providers of payouts that are called: which a store has set up, and how each is spoken to."""
