"""What is done with the catalogue: its items in `items`, redeeming and what follows in `redeem`."""
