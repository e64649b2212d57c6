"""The store's settings in the console that no other feature has: what it is called, its keys, its placeholders."""
