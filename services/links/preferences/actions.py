"""What somebody chose, and ending mails to an address by whoever reads them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import real_time, seal_until, unseal
from services.kernel.db import Tx
from services.links.preferences import sql
from services.links.preferences.domain import Channel, Preferences

_PURPOSE: Final = "unsubscribe"
LIFE: Final = timedelta(days=400)
INVITES_JOB: Final = "links.invites"
"""The due job that writes invitations, and forgets the addresses of who wants no mail."""


def unsubscribe_url(ring: KeyRing, base_url: str, store_id: str, mail_hash: str) -> str:
    """Where the reader of a mail ends mails of this sort. Holds a keyed hash and no address, and needs no sign-in."""
    # By the day, so that a mail that is sent again is the same.
    end = real_time(LIFE).replace(hour=0, minute=0, second=0, microsecond=0)
    return f"{base_url}/unsubscribe/{seal_until(ring, _PURPOSE, (store_id, mail_hash), end=end)}"


def read_unsubscribe(ring: KeyRing, token: str, *, now: datetime | None = None) -> tuple[str, str]:
    """The store and the keyed hash of the address that a token ends mails to. Raises `Unauthorized`."""
    (store_id, mail_hash), _ = unseal(ring, _PURPOSE, token, fields=2, now=now)
    return store_id, mail_hash


async def wish_of(tx: Tx, store_id: str, ambassador_id: str) -> Preferences:
    """What somebody chose, or what holds for who chose nothing."""
    return (await sql.of(tx, store_id, [ambassador_id])).get(ambassador_id, Preferences())


async def prefer(tx: Tx, store_id: str, ambassador_id: str, channel: Channel) -> None:
    """Makes a channel the one that somebody is notified by, and leaves the rest of their choice."""
    before = await wish_of(tx, store_id, ambassador_id)
    if before.channel != channel:
        await sql.put_preferences(tx, store_id, ambassador_id, replace(before, channel=channel))
