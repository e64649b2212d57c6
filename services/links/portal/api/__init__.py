"""HTTP of the portal: the page, coming in and going out, and one-time addresses for stores' servers."""
