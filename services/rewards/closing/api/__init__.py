"""HTTP of month closes: the API in `rest`, the console's page in `console`."""
