"""How a program spreads by itself: K by cohort, cycle time, share yield, and what follows from them."""
