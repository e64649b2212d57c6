"""What is done with pools: set up and filled in `fill`, the store's own codes in `bring`, handed out in `hand_out`."""
