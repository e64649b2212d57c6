"""HTTP of rewards: the API in `rest`, the console's pages in `console`."""
