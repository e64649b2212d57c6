"""Settles custom events: the winner is fixed, and what they earn can be released."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from services.attribution.custom_events.actions.decide import publish
from services.attribution.custom_events.sql import events as sql
from services.kernel.db import Tx

AT_ONCE: Final = 200
"""Events that settle in one transaction, of all its stores together."""


async def settle(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Settles some of what is due, of each store an equal share; returns each store's next moment, which may be now.

    What is to be decided first waits for that: deciding schedules this anew.
    """
    await tx.lock_stores(stores)
    rows = await sql.due(tx, stores, now=tx.now, count=max(1, AT_ONCE // len(stores)))
    after = [publish(tx, replace(row, settled_at=tx.now), row) for row in rows]
    await sql.put(tx, after)
    await sql.tie(tx, {row.ref: () for row in after})
    return await sql.next_due(tx, stores)
