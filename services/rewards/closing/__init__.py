"""Closing a month: an export of its entries that never changes afterwards."""
