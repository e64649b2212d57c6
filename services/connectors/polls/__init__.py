"""Polls: a platform is asked for what changed, for what its webhooks lost; and the report of what they had not told."""
