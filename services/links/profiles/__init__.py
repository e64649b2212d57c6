"""One ambassador's page in the console: what links knows of them, places for what other services know, and editing."""
