"""Setting a gateway up, counting what is spent, and trying it."""
