"""Definitions and formulas, periods, and the sums they are made from. Pure."""
