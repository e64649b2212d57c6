"""HTTP of link domains: the API in `rest`, the console's page in `console`, the gateway's question in `ask`."""
