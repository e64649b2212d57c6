"""Mails to people: a log of each with what became of it, and the task that sends it."""
