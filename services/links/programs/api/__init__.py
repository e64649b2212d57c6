"""HTTP of programs: the API in `rest`, the console's pages in `console`."""
