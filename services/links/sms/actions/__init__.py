"""Proving a phone, and what a gateway reports."""
