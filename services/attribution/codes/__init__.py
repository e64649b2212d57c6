"""Uses of promo codes: whether a code is good, and the count of those that may be used so many times only."""
