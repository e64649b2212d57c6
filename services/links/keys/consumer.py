"""Keeps when keys were last used, as every service reports of its own."""

from collections.abc import Sequence

from contracts.events.audit import KeyUsed
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.links.keys import sql


async def keep_uses(tx: Tx, events: Sequence[Event[KeyUsed]]) -> None:
    """Keeps the latest use of each key, to the hour."""
    latest: dict[str, KeyUsed] = {}
    for event in events:
        known = latest.setdefault(event.data.key_id, event.data)
        if known.used_at < event.data.used_at:
            latest[event.data.key_id] = event.data
    await sql.used(tx, [(one.store_id, one.key_id, one.used_at) for one in latest.values()])


HANDLERS = (Handler(events=(KeyUsed,), handle=keep_uses),)
