"""The time zones that stores and people may name."""

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """All names of the IANA list that this machine knows. Read from its disk once: it takes tens of milliseconds."""
    return frozenset(available_timezones())
