"""What `<kith-share>` shows on a store's pages: the offer to share, its place, and the link of who is known."""
