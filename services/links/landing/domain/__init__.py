"""What the page says and to whom it says it. Pure."""
