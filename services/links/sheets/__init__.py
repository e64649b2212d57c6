"""Sheets to print: a link as cards that are handed out."""
