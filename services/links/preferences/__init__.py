"""Whether and how people want to be written to: what they chose, and the addresses that nothing is sent to any more."""
