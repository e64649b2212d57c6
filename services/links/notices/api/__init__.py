"""HTTP of the words in which people are notified, and the console's pages of them."""
