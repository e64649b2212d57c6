"""How a store looks to friends: its colour and its logo."""
