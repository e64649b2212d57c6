"""kith.js, the script that a store's pages load."""
