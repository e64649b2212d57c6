"""Codes by which ambassadors prove that a phone is theirs."""
