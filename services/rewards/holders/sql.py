"""SQL of who holds what contacts earned."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.kernel.db import Tx
from services.kernel.revisions import Ref

_OF = """
select h.store_id, h.contact, h.customer_id from contact_holders h
join unnest(cast(:stores as text[]), cast(:contacts as text[])) w(store_id, contact) using (store_id, contact)
"""
_KEEP = """
insert into contact_holders (store_id, contact, customer_id, joined_at)
select * from unnest(cast(:stores as text[]), cast(:contacts as text[]), cast(:customers as text[]),
  cast(:moments as timestamptz[])) order by 1, 2
on conflict (store_id, contact) do nothing returning store_id, contact, customer_id
"""


class Join(NamedTuple):
    """A contact, and the customer whose it is."""

    store_id: str
    contact: str
    customer_id: str


async def of(tx: Tx, contacts: Collection[Ref]) -> Mapping[Ref, str]:
    """The customer of each of these (store, contact) that is joined."""
    keys = sorted(contacts)
    rows = await tx.all(_OF, stores=[store for store, _ in keys], contacts=[contact for _, contact in keys])
    return {(row.store_id, row.contact): row.customer_id for row in rows}


async def keep(tx: Tx, joins: Sequence[tuple[Join, datetime]]) -> list[Join]:
    """Keeps those of contacts that are not joined yet, and returns them in a fixed order. Each contact comes once."""
    rows = await tx.all(
        _KEEP,
        stores=[one.store_id for one, _ in joins],
        contacts=[one.contact for one, _ in joins],
        customers=[one.customer_id for one, _ in joins],
        moments=[at for _, at in joins],
    )
    return sorted(Join(*tuple(row)) for row in rows)
