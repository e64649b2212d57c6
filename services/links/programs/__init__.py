"""Referral programs and their versions."""
