"""Points and store credit at the store's checkout: a server reserves, captures and releases them for an order."""
