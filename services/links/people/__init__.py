"""Ambassadors as rows, and the one table that knows who they are and how to reach them."""
