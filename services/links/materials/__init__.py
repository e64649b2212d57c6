"""What ambassadors share with: banners, texts and posts that a store prepared, each with the ambassador's own link."""
