"""Addresses that open an ambassador's page once: for whoever has proved otherwise who they are."""
