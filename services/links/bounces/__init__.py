"""What comes back: mails that could not be delivered, and mails that somebody calls unwanted."""
