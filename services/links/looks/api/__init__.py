"""HTTP of looks: the API in `rest`, the console's page in `console`, the stylesheet in `public`."""
