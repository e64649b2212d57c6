"""Keeps how ambassadors are called, and closes the portals of those who were erased."""

from collections.abc import Sequence
from typing import Any, Final

from contracts.events.catalog import AmbassadorSaved, CodeSaved
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler
from services.rewards.slices import sql

CODES_GROUP: Final = "codes"
"""A group of its own begins with the catalog's first record: so codes from before they were kept are known too."""


async def keep_codes(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Ambassadors' codes, and the one of them that each is known by."""
    data = [event.data for event in events]
    codes = newest([one for one in data if isinstance(one, CodeSaved)], key=lambda one: (one.store_id, one.code_id))
    people = newest(
        [one for one in data if isinstance(one, AmbassadorSaved)], key=lambda one: (one.store_id, one.ambassador_id)
    )
    await sql.keep_codes(tx, list(codes.values()))
    await sql.keep_chosen_codes(tx, list(people.values()))


async def close_portals(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Ambassadors who were erased: the address of their portal opens nothing any more."""
    erased = [event.data for event in events if event.data.status == "erased"]
    await sql.close_portals(tx, [(data.store_id, data.ambassador_id) for data in erased])


HANDLERS = (
    Handler(events=(AmbassadorSaved,), handle=close_portals),
    Handler(events=(CodeSaved, AmbassadorSaved), handle=keep_codes, group=CODES_GROUP),
)
