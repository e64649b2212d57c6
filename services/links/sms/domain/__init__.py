"""What a message says, and what a gateway reports. Pure."""
