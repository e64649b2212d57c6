"""HTTP of simulations: the API in `rest`, the console's pages in `console`."""
