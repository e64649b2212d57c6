"""Links are kept to be shown, and what stands for nobody at a store. What decides orders (programs, codes, ambassadors)
comes in through decisions.
"""

from collections.abc import Sequence

from contracts.events.catalog import LinkSaved, StoreConfigured
from services.attribution.slices import sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def keep_links(tx: Tx, events: Sequence[Event[LinkSaved]]) -> None:
    """Keeps how links are called."""
    await sql.keep_links(tx, [event.data for event in events])


async def keep_placeholders(tx: Tx, events: Sequence[Event[StoreConfigured]]) -> None:
    """Keeps what stores call nobody, by the newest revision of each."""
    newest = {event.store_id: event.data for event in sorted(events, key=lambda event: event.data.revision)}
    await sql.keep_placeholders(tx, list(newest.values()))


HANDLERS = (
    Handler(events=(LinkSaved,), handle=keep_links),
    Handler(events=(StoreConfigured,), handle=keep_placeholders),
)
