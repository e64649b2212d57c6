"""Some weeks in the life of a store, made through the public API with the demo clock. No row is inserted by hand."""
