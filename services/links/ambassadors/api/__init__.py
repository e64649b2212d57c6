"""HTTP of ambassadors: the API in `rest`, the console's pages in `console`."""
