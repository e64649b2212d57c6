"""What a store's pages report through the browser: visits with their click tokens, and who a visitor is."""
