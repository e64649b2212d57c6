"""Where codes work at the store's own checkouts, as connectors report: pages ask here whether to show one."""
