"""Polls: a platform is asked for what changed, for what its webhooks lost; and the list of what they had not
reported.
"""
