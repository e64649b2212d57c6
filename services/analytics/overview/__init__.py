"""The console's first page: what the program brought, for which period, how fresh, and how it spreads."""
