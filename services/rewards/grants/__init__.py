"""Rewards themselves: from the state of an order's decision to a target, from targets to postings."""
