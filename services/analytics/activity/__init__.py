"""Activity: who did what in a store, for whoever has to ask. A slice of what every service notes for itself."""
