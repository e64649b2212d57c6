"""Pure: what a guide is, the guides themselves, and how docs/connect.md has them."""
