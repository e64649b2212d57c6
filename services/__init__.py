"""Kith's services. Each lives in its own package; `kernel` is what they share, `cli` stands above them."""
