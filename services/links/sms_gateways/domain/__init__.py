"""Which numbers there are, and how many segments a text costs. Pure."""
