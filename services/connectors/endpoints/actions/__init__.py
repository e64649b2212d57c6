"""What can be done with endpoints: set up, told, sent to, tried again, forgotten."""
