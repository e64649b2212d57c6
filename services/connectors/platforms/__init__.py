"""The platforms: how each proves who it is, how its deliveries are named, and what they say of orders."""
