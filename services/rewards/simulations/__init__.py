"""What rules would give: for an imagined order at once, for a past period's orders as a run in the background."""
