"""Everything between Kith and a store's systems: platform accounts, their deliveries, and how each platform is read."""
