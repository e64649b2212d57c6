"""Addresses and deliveries of platforms, which are connectors' now: what `kith migrate` has not moved, and what it has,
until no process of the former version can ask for it. Nothing here reads a delivery.
"""
