"""The way of a click: /r/{slug} to the store's page, with a signed token."""
