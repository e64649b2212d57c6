"""HTTP of sharing: what pages of the store and programs ask in `rest`, the console's page of places in `console`."""
