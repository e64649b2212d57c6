"""HTTP of the queue: the API in `rest`, the console's pages in `console`."""
