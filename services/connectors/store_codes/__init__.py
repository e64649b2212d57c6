"""The store's promo codes at its own checkouts: what a connection carries there, and what became of each code."""
