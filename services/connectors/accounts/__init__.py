"""A store's accounts with platforms, as rows: where each delivers to, and the secrets that are needed to believe it.

The tables and the directory keep the name that they began with, hooks.
"""
