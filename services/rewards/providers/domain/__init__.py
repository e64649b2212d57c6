"""What is sent to providers, and what their answers mean. Pure."""
