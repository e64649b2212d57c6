"""HTTP of the catalogue: the API in `rest`, the console's pages in `console*`, the ambassador's in `portal`."""
