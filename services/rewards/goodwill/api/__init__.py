"""HTTP of goodwill: the API in `rest`, the console's pages in `console`."""
