"""SQL of conversions, rewards, and what has been spent of budgets and limits."""
