"""An order as any source reports it, and the names of what was reported. Pure."""
