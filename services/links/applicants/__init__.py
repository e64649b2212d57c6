"""Who wants to become an ambassador, until the address is proved."""
