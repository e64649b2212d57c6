"""Invitations by mail and by a personal address: to whom, by whom, with whose word, and how soon they are forgotten."""
