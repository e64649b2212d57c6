"""Who is calling, and what is genuinely ours: the key ring and everything it signs. Knows no table."""
