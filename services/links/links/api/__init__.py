"""HTTP of links: the API in `rest`, the console's page of one link in `console`."""
