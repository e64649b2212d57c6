"""HTTP of activity: the API in `rest`, the console's page in `console`."""
