"""The demo: a small shop on its own origin, and a story that fills a store through the public API."""
