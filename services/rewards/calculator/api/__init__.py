"""HTTP of the calculator: the API in `rest`, the console's page in `console`."""
