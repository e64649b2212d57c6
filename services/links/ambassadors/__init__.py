"""Joining a program, and the people who did: API and console pages."""
