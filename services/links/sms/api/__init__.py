"""Where a gateway reports."""
