"""Payouts: what ambassadors have available is set aside, approved, sent and reconciled."""
