"""The ambassador's page of friends: what became of each, why, and how to object."""
