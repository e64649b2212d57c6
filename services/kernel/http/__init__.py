"""The edge: how requests become calls of actions, and results become answers. Knows no store, order or reward."""
