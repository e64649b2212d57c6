"""Setting providers up, and calling them."""
