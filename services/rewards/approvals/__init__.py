"""Rewards that wait for somebody's word: the queue that people work off, and questions to the store's own server."""
