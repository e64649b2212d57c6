"""Which programs have used up their budget: found where the counter moves, and reported as events."""
