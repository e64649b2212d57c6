"""The API and the pages of targets."""
