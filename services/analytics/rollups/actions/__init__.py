"""Counting what happened as it comes, and counting it all again."""
