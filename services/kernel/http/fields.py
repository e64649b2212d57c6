"""Types of request fields that several services take from callers."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199

_WRITTEN_OUT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _written_out(value: object) -> object:
    """Seconds and milliseconds look alike as numbers, and a guess would date an order wrongly."""
    if isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN_OUT.match(value)):
        return value
    raise ValueError("Write the time out, with its zone: 2026-01-31T12:00:00Z (RFC 3339).")


def _of_our_age(value: datetime) -> datetime:
    # At the ends of the calendar a time cannot even be moved to another zone.
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"The year must be from {FIRST_YEAR} to {LAST_YEAR}.")
    return value


When = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_of_our_age)]
"""A moment as callers write it: RFC 3339 with its zone, never a number."""


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Blank = BeforeValidator(_none_if_blank)
"""For an optional field: a blank text is an absent one. Templates and forms send `""` where they have nothing."""


def _without_blanks(value: object) -> object:
    return [entry for entry in value if _none_if_blank(entry) is not None] if isinstance(value, list | tuple) else value


NoBlanks = BeforeValidator(_without_blanks)
"""For a list of texts: blank ones are not there."""
