"""HTTP of pools: the API in `rest`, the console's pages in `console` and `console_one`."""
