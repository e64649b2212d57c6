"""Ambassadors who are erased: what was written about their redemptions goes with them."""

from collections.abc import Sequence
from typing import Final

from contracts.events.catalog import AmbassadorSaved
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.rewards.catalogue import sql


async def forget_words(tx: Tx, events: Sequence[Event[AmbassadorSaved]]) -> None:
    """Drops words about those who were erased."""
    gone = sorted({(one.store_id, one.data.ambassador_id) for one in events if one.data.status == "erased"})
    if gone:
        await tx.lock_stores(store_id for store_id, _ in gone)  # words that are written at this moment go too
        await sql.forget_words(tx, gone)


HANDLERS: Final = (Handler(events=(AmbassadorSaved,), handle=forget_words),)
