"""What can be done with endpoints: set up, notified, sent to, tried again, forgotten."""
