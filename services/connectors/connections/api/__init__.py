"""The API of connections, the former one, and what InSales calls."""
