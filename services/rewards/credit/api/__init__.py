"""HTTP of store credit at the checkout."""
