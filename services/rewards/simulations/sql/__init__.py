"""SQL of simulations: runs with what came of them, the orders of a period, counters as they stood at its beginning."""
