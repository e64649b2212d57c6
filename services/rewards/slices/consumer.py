"""Closes the portals of ambassadors who were erased."""

from collections.abc import Sequence
from typing import Any

from contracts.events.catalog import AmbassadorSaved
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.rewards.slices import sql


async def close_portals(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Ambassadors who were erased: the address of their portal opens nothing any more."""
    erased = [event.data for event in events if event.data.status == "erased"]
    await sql.close_portals(tx, [(data.store_id, data.ambassador_id) for data in erased])


HANDLERS = (Handler(events=(AmbassadorSaved,), handle=close_portals),)
