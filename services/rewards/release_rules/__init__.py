"""How rewards become available after their hold: by themselves, by hand, or once the store's own server was asked."""
