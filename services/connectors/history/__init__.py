"""The import of what a shop sold before it was connected: it says who has bought before, and no more."""
