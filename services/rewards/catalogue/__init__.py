"""The redemption catalogue: what points and store credit are redeemed for, and what was redeemed."""
