"""Pure: the steps, what shows one of them, and how far a store has come."""
