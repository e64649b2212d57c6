"""SMS to ambassadors: phones that they proved, what a message says, sending, and what the gateway reports."""
