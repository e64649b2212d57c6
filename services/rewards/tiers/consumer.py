"""Keeps who the ambassadors are and when they joined, counts clicks, and looks at those who are in a tier by that."""

from collections.abc import Sequence
from typing import Any, Final

from contracts.events.catalog import AmbassadorSaved
from contracts.events.tracking import ClickRecorded
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler
from services.rewards.slices import sql as slices
from services.rewards.tiers.actions import take_ambassadors, take_clicks

GROUP: Final = "joined"
"""A group of its own begins with the catalog's first record: so it is known too when somebody joined before this."""
CLICKS: Final = "clicks"


async def keep_ambassadors(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Ambassadors as they are now."""
    latest = list(newest([event.data for event in events], key=lambda one: (one.store_id, one.ambassador_id)).values())
    await slices.keep_ambassadors(tx, latest)
    await take_ambassadors(tx, latest)


async def count_clicks(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """What people clicked."""
    await take_clicks(tx, [event.data for event in events])


HANDLERS = (
    Handler(events=(AmbassadorSaved,), handle=keep_ambassadors, group=GROUP),
    Handler(events=(ClickRecorded,), handle=count_clicks, group=CLICKS),
)
