"""HTTP of balances: the API in `rest`, the portal's part in `portal`."""
