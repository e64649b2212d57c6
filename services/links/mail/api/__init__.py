"""HTTP of mails: the log of each with its outcome; in a demo, a page to read what would have been sent."""
