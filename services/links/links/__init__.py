"""Share links: slugs, destinations, expiry."""
