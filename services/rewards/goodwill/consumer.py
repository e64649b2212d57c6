"""Receives ambassadors who were erased: what was written about them goes."""

from collections.abc import Sequence
from typing import Any

from contracts.events.catalog import AmbassadorSaved
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.rewards.goodwill import sql


async def forget(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Drops the reasons of what was given to who was erased. Under the stores' locks: one that is written at this
    moment goes too.
    """
    erased = sorted({(e.data.store_id, e.data.ambassador_id) for e in events if e.data.status == "erased"})
    if erased:
        await tx.lock_stores(store_id for store_id, _ in erased)
        await sql.forget_words(tx, erased)


HANDLERS = (Handler(events=(AmbassadorSaved,), handle=forget),)
