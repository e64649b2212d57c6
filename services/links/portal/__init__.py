"""An ambassador's own page."""
