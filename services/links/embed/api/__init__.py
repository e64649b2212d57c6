"""HTTP of what a shop's pages load, in `script`, and the console's page that helps to set it up, in `console`."""
