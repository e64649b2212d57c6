"""HTTP of the words in which people are told, and the console's pages of them."""
