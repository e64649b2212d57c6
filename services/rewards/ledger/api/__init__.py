"""HTTP of the ledger: the API in `rest`, the console's page in `console`."""
