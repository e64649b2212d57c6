"""Promo codes, personal and shared."""
