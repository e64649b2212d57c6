"""Who holds what contacts earned, since the store has said whose they are."""
