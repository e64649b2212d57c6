"""What keeps robots off the page to join without asking a third party. Pure."""

from datetime import datetime, timedelta

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import seal_until, unseal
from services.kernel.errors import Unauthorized

LEAST = timedelta(seconds=2)
"""Nobody reads the page and fills it in sooner."""
LIFE = timedelta(days=1)
_PURPOSE = "join-form"


def opened(ring: KeyRing, program_id: str, *, now: datetime, before: str = "") -> str:
    """What the form carries: when it was opened, for which program. Shown again, it keeps what it carried."""
    if before and _opened_at(ring, program_id, before, now=now) is not None:
        return before
    return seal_until(ring, _PURPOSE, (program_id,), end=now + LIFE)


def is_too_quick(ring: KeyRing, program_id: str, text: str, *, now: datetime) -> bool:
    """Whether a form came sooner than a person could send it, is another's, or a day old."""
    at = _opened_at(ring, program_id, text, now=now)
    return at is None or now < at + LEAST


def _opened_at(ring: KeyRing, program_id: str, text: str, *, now: datetime) -> datetime | None:
    try:
        (found,), end = unseal(ring, _PURPOSE, text, fields=1, now=now)
    except Unauthorized:
        return None
    return end - LIFE if found == program_id else None
