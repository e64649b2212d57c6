"""HTTP of what is owed: the API in `rest`, the console's part in `console`."""
