"""Notices to ambassadors of what became of their friends: decided from events, composed when it is sent."""
