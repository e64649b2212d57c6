"""Shopify: signatures and the shapes of its orders and refunds."""
