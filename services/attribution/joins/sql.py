"""SQL of verified contacts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.kernel.db import Tx
from services.kernel.revisions import Ref

# In the order of its index: whoever says the same at once waits for the other, and never both for each other.
_KEEP = """
insert into verified_contacts (store_id, contact, customer_id, verified_at)
select s, c, id, :now from unnest(cast(:stores as text[]), cast(:contacts as text[]), cast(:customers as text[]))
  w(s, c, id) order by 1, 2
on conflict (store_id, contact) do nothing returning store_id, contact
"""
_OF = """
select v.store_id, v.contact, v.customer_id from verified_contacts v
join unnest(cast(:stores as text[]), cast(:contacts as text[])) w(store_id, contact) using (store_id, contact)
"""


class Verified(NamedTuple):
    """A contact, and the customer whose it is by the word of the store's server."""

    store_id: str
    contact: str
    customer_id: str


async def keep(tx: Tx, contacts: Sequence[Verified]) -> set[Ref]:
    """Keeps those that are nobody's yet, and says which these are. Each contact comes once."""
    rows = await tx.all(
        _KEEP,
        stores=[one.store_id for one in contacts],
        contacts=[one.contact for one in contacts],
        customers=[one.customer_id for one in contacts],
        now=tx.now,
    )
    return {(row.store_id, row.contact) for row in rows}


async def of(tx: Tx, contacts: Sequence[Verified]) -> Mapping[Ref, str]:
    """The customer of each of these contacts that is one's."""
    rows = await tx.all(_OF, stores=[one.store_id for one in contacts], contacts=[one.contact for one in contacts])
    return {(row.store_id, row.contact): row.customer_id for row in rows}
