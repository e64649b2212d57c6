"""Links are kept to be shown. What decides orders (programs, codes, ambassadors) comes in through decisions."""

from collections.abc import Sequence

from contracts.events.catalog import LinkSaved
from services.attribution.catalog import store
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def keep_links(tx: Tx, events: Sequence[Event[LinkSaved]]) -> None:
    """Keeps how links are called."""
    await store.keep_links(tx, [event.data for event in events])


HANDLERS = (Handler(events=(LinkSaved,), handle=keep_links),)
