"""How each platform is connected, step by step: one source for the console's pages and for docs/connect.md."""
