"""Points and store credit by the day on which they can first be used: what is left of them, and when that expires."""
