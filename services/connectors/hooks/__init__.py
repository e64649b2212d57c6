"""Where platforms are told to deliver: a store's accounts with them, each with its secret."""
