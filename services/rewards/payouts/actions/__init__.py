"""What happens to payouts: prepared, approved, sent, and what becomes of them."""
