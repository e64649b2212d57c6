"""A store's SMS gateway: where it is, its secret, what may be spent on it and was, and the port to it."""
