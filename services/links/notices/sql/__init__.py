"""Rows of notices, of rewards as they were told, and of stores' own words."""
