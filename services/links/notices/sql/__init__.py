"""Rows of notices, of rewards as they were notified, and of stores' own words."""
