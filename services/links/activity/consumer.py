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
    """The newest share of each customer whom a page named, and of each link. Whoever looks at a page, or shares
    unnamed, is no row.
    """
    customers, links = {}, {}
    for event in sorted(events, key=lambda one: one.data.at):
        shared, who = event.data, event.data.customer.id
        if who is not None:
            customers[shared.store_id, who] = shared.at
        if shared.slug is not None:
            links[shared.store_id, shared.slug] = shared.at
    if customers:
        await sql.shared_by_customers(tx, customers)
    if links:
        await sql.shared_by_links(tx, links)


HANDLERS = (Handler(events=(ShareRecorded,), handle=on_shares, group=GROUP),)
