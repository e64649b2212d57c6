"""Events in: shares that pages of stores report, for who shared lately. Nothing is decided by them."""

from collections.abc import Sequence
from typing import Any, Final

from contracts.events.tracking import ShareRecorded
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.links.activity import sql

GROUP: Final = "shares"


async def on_shares(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Of each customer whom a page named, the newest share. Whoever looks at a page, or shares unnamed, is no row."""
    newest = {}
    for event in sorted(events, key=lambda one: one.data.at):
        who = event.data.customer.id
        if who is not None:
            newest[event.data.store_id, who] = event.data.at
    if newest:
        await sql.shared_by_customers(tx, newest)


HANDLERS = (Handler(events=(ShareRecorded,), handle=on_shares, group=GROUP),)
