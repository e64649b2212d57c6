"""How large a reward can be, before a program starts: from margin, average order and expected conversion."""
