"""SQL of custom events: the facts with what was decided, what is known beside them, and sweeps for who joined."""
