"""Orders as they come in, at a cost of microseconds: how they are read (`reading`) and answered (`handler`)."""
