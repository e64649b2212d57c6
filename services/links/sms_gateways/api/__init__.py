"""HTTP of a store's SMS gateway: by API, and in the console."""
