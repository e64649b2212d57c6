"""Links to single pages of the store, which ambassadors make themselves by pasting an address."""
