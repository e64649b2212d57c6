"""Webhooks out: addresses at which a store wants to hear what was decided, and what became of each delivery there."""
