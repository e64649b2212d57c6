"""The rules of the scripts for a store's pages. Pure."""
