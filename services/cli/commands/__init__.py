"""The commands, one group per file; each has `register(app)`. They parse, call and show: work is done elsewhere."""
