"""Double entry: posting sets that sum to zero, chained by hash, and the totals kept beside them."""
