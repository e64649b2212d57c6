"""What a new store has to do until its first reward: each step is read from what is there, none is ever ticked off."""
