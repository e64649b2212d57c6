"""HTTP of these pictures: the API in `rest`, the console's page in `console`."""
