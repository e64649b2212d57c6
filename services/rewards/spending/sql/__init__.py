"""SQL of spends: what they take from lots and put back, and whether it all adds up."""
