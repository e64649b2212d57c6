"""Many ambassadors at once: what a store does when it moves in, or when all its customers become ambassadors."""
