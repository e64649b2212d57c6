"""Where ambassadors' money goes: sealed, shown by its last signs only, changed by themselves alone."""
