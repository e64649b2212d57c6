"""Webhooks out: addresses at which a store wants to be notified of what was decided, and what became of each
delivery there.
"""
