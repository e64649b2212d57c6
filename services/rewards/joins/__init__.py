"""What contacts earned goes over to the customer whose they are."""
