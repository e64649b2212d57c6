"""SQL of lots: what they hold, the clocks of idle holders, and whether it all adds up."""
