"""Keeps who the ambassadors are, and closes the portals of those who were erased."""

from collections.abc import Sequence
from typing import Any, Final

from contracts.events.catalog import AmbassadorSaved
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler
from services.rewards.slices import sql

GROUP: Final = "ambassadors"
"""A group of its own begins with the catalog's first record: so who joined before this was kept is known too."""


async def keep_ambassadors(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Ambassadors as they are now."""
    latest = newest([event.data for event in events], key=lambda one: (one.store_id, one.ambassador_id))
    await sql.keep_ambassadors(tx, list(latest.values()))


async def close_portals(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Ambassadors who were erased: the address of their portal opens nothing any more."""
    erased = [event.data for event in events if event.data.status == "erased"]
    await sql.close_portals(tx, [(data.store_id, data.ambassador_id) for data in erased])


HANDLERS = (
    Handler(events=(AmbassadorSaved,), handle=close_portals),
    Handler(events=(AmbassadorSaved,), handle=keep_ambassadors, group=GROUP),
)
