"""HTTP of many at once: as JSON in `rest`, as CSV in `sheet`, the console's form of a CSV in `console`."""
