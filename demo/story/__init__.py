"""Some weeks in the life of a store, told through the public API with the demo clock. No row is inserted by hand."""
