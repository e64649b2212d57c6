"""Looks into a product from outside, for the operators' commands: reads only, and works when services are down."""
