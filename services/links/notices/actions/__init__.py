"""Deciding what there is to tell, telling it when its time has come, and choosing the words."""
