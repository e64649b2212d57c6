"""HTTP of statements: the API in `rest`, the console's page in `console`, the ambassador's own in `portal`."""
