"""Addresses out of a pasted text, what somebody agrees to who gives them, what invitations hold. Pure."""

import re
from datetime import datetime, timedelta
from typing import Final, Literal

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import seal_until, unseal

Purpose = Literal["friend", "join"]
CONSENT: Final = "1"
"""The version of the text that is agreed to; a new text is a new version."""
MOST_AT_ONCE: Final = 200
A_DAY: Final = {"ambassador": 50, "member": 500, "key": 500}
"""Addresses that somebody may give within 24 hours."""
A_MONTH: Final = 3
"""Invitations that an address gets in a month, from whichever stores."""
REMIND_AFTER: Final = timedelta(days=5)
SENT_WITHIN: Final = timedelta(days=3)
"""So long a mail may be on its way: the address is needed for it."""
LIFE: Final = timedelta(days=60)
"""So long an invitation's address leads somewhere."""
LASTING: Final = timedelta(days=3650)
_PURPOSE: Final = "invitation"
_PARTS: Final = re.compile(r"[\s,;<>\"'()\[\]|]+")


def addresses(text: str) -> list[str]:
    """Everything in a pasted text or a CSV that may be a mail address, each once.

    >>> addresses('name,mail\\nAnna,"Anna <anna@example.com>"; ANNA@example.com')
    ['anna@example.com']
    """
    found: dict[str, str] = {}
    for part in _PARTS.split(text):
        part = part.strip(".:").removeprefix("mailto:")
        if "@" in part:
            found.setdefault(part.casefold(), part)
    return list(found.values())


def token_of(ring: KeyRing, store_id: str, ident: str, *, created_at: datetime, life: timedelta) -> str:
    """What an invitation's address holds: the same each time, so that a mail that is sent again is the same."""
    return seal_until(ring, _PURPOSE, (store_id, ident), end=created_at + life)


def read_token(ring: KeyRing, token: str, *, now: datetime) -> tuple[str, str]:
    """The store and the invitation. Raises `Unauthorized` for what is none, or is over."""
    (store_id, ident), _ = unseal(ring, _PURPOSE, token, fields=2, now=now)
    return store_id, ident
