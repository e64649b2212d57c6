"""Proof that the books are whole: the hash chain, the sums, and rewards against the ledger."""
