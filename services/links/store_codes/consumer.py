"""Events in: where connectors put codes, and what became of them there. In a group of its own: nothing waits for it but
pages.
"""

from collections.abc import Sequence
from typing import Final

from contracts.events.store_codes import CodesCarried, StoreCodeChanged
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler
from services.links.store_codes import sql

GROUP: Final = "store-codes"


async def on_carriers(tx: Tx, events: Sequence[Event[CodesCarried]]) -> None:
    """Connections that carry codes from now on, or no longer."""
    latest = newest((event.data for event in events), key=lambda one: (one.store_id, one.connection_id))
    await sql.keep_carriers(tx, latest.values())


async def on_codes(tx: Tx, events: Sequence[Event[StoreCodeChanged]]) -> None:
    """Codes that came to a checkout, or left it."""
    latest = newest((event.data for event in events), key=lambda one: (one.store_id, one.connection_id, one.code_id))
    await sql.keep_codes(tx, latest.values())


HANDLERS = (
    Handler(events=(CodesCarried,), handle=on_carriers, group=GROUP),
    Handler(events=(StoreCodeChanged,), handle=on_codes, group=GROUP),
)
