"""Links are kept to be shown, and what stands for nobody at a store. What decides orders (programs, codes, ambassadors)
comes in through decisions.
"""

from collections.abc import Sequence

from contracts.events.catalog import LinkSaved
from services.attribution.slices import sql
from services.common.own_placeholders import OWN_PLACEHOLDERS
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def keep_links(tx: Tx, events: Sequence[Event[LinkSaved]]) -> None:
    """Keeps how links are called."""
    await sql.keep_links(tx, [event.data for event in events])


HANDLERS = (
    Handler(events=(LinkSaved,), handle=keep_links),
    OWN_PLACEHOLDERS,
)
