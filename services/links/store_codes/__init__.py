"""Where codes work at the store's own checkouts, as connectors tell: pages ask here whether to show one."""
