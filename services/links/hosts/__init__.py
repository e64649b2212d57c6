"""A store's own domain for share links: `https://go.shop.example/r/anna` instead of our address."""
