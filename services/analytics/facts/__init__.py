"""The last known state of everything that is counted: clicks, reports, shares, friends, orders, rewards."""
