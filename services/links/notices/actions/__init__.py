"""Deciding what there is to notify of, notifying people when its time has come, and choosing the words."""
