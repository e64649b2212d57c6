"""Paid memberships: who bought what, until when it is good, and what was held at each purchase that rules ask about."""
