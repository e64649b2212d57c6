"""Targets of plans: what ambassadors are to reach in a period, set by API, file or page; and how far they are."""
