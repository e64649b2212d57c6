"""Bodies of the API of simulations."""
