"""The demo clock: moves the whole product's time."""
