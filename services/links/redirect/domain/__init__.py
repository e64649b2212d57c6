"""What kind of visit a click is, and what is kept of where it came from. Pure."""
