"""Which programs have used up their budget, as rewards reports: pages promise no money of these."""
