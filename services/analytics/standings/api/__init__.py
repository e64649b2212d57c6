"""The ways to the standings: the API in `rest`, the console's pages in `console`."""
