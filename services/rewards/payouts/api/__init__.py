"""HTTP of payouts: the API in `rest`, the console's pages in `console`, the portal's in `portal`."""
