"""Keeps the store's own ids of ambassadors, by which files of targets name them."""

from collections.abc import Sequence
from typing import Any, Final

from contracts.events.catalog import AmbassadorSaved
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler
from services.rewards.plan_targets import sql

GROUP: Final = "external-ids"
"""A group of its own begins with the catalog's first record: so ids from before they were kept are known too."""


async def keep_external_ids(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Ids as they are now; who was erased has none."""
    people = newest([event.data for event in events], key=lambda one: (one.store_id, one.ambassador_id))
    await sql.keep_external_ids(tx, list(people.values()))


HANDLERS = (Handler(events=(AmbassadorSaved,), handle=keep_external_ids, group=GROUP),)
