"""SQL of joins: what lies under contacts, whose their lots are since, and whether all of it went over."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

from services.kernel.db import Tx
from services.rewards.holders.sql import Join

_HELD = """
select b.store_id, b.owner as contact, b.unit, b.pending, b.available from balances b
join unnest(cast(:stores as text[]), cast(:contacts as text[])) w(store_id, contact)
  on b.store_id = w.store_id and b.owner = w.contact
where b.side = 'friend' order by 1, 2, 3
"""
_EXPIRED = """
select l.store_id, l.lot_id from lots l
join unnest(cast(:stores as text[]), cast(:contacts as text[])) w(store_id, contact)
  on l.store_id = w.store_id and l.owner = w.contact
where l.side = 'friend' and l.expired > 0 order by 1, 2
"""
_GIVE = """
update lots l set owner = w.customer, joined_from = w.contact
from unnest(cast(:stores as text[]), cast(:contacts as text[]), cast(:customers as text[]))
  w(store_id, contact, customer)
where l.store_id = w.store_id and l.owner = w.contact and l.side = 'friend'
returning l.store_id, l.lot_id, l.remaining > 0 as open
"""
_GIVE_CLOCKS = """
update lot_clocks c set owner = w.customer
from unnest(cast(:stores as text[]), cast(:contacts as text[]), cast(:customers as text[]))
  w(store_id, contact, customer)
where c.store_id = w.store_id and c.owner = w.contact and c.side = 'friend'
"""
_NEXT = """
select contact from contact_holders where store_id = :store and contact > :after
order by contact offset :count limit 1
"""
_LEFT_BEHIND = """
select h.contact, b.unit, b.pending + b.available + b.reserved + b.used as amount
from contact_holders h join balances b on b.store_id = h.store_id and b.owner = h.contact and b.side = 'friend'
where h.store_id = :store and h.contact > :after and (cast(:upto as text) is null or h.contact <= :upto)
  and (b.pending, b.available, b.reserved, b.used) <> (0, 0, 0, 0) order by 1, 2
"""
_NEXT_LOT = "select lot_id from lots where store_id = :store and lot_id > :after order by lot_id offset :count limit 1"
_ASTRAY = """
select l.lot_id, l.owner, h.contact, h.customer_id from lots l
left join contact_holders h on h.store_id = l.store_id
  and h.contact = case when l.joined_from = '' then l.owner else l.joined_from end
where l.store_id = :store and l.lot_id > :after and (cast(:upto as text) is null or l.lot_id <= :upto)
  and l.side = 'friend' and (l.joined_from <> '' or h.contact is not null) and l.owner is distinct from h.customer_id
order by 1
"""


class Held(NamedTuple):
    """What lies under a contact in one unit."""

    store_id: str
    contact: str
    unit: str
    pending: int
    available: int


def _contacts(joins: Sequence[Join]) -> Mapping[str, list[str]]:
    return {"stores": [one.store_id for one in joins], "contacts": [one.contact for one in joins]}


async def held(tx: Tx, joins: Sequence[Join]) -> list[Held]:
    """What lies under these contacts."""
    return [Held(*tuple(row)) for row in await tx.all(_HELD, **_contacts(joins))]


async def expired_lots(tx: Tx, joins: Sequence[Join]) -> list[tuple[str, str]]:
    """Lots of these contacts of which something expired, as (store, lot)."""
    return [(row.store_id, row.lot_id) for row in await tx.all(_EXPIRED, **_contacts(joins))]


async def give(tx: Tx, joins: Sequence[Join]) -> list[tuple[str, str]]:
    """Makes lots of contacts the customers', with the clocks that they follow: the customer's activity moves them from
    then on. Returns those with something left, as (store, lot).
    """
    customers = [one.customer_id for one in joins]
    await tx.execute(_GIVE_CLOCKS, **_contacts(joins), customers=customers)
    rows = await tx.all(_GIVE, **_contacts(joins), customers=customers)
    return sorted((row.store_id, row.lot_id) for row in rows if row.open)


async def drift(tx: Tx, store_id: str, *, count: int) -> AsyncIterator[str]:
    """What is wrong with joins, in words: a contact that holds something still, a lot that is another's than its
    contact's customer's. For verifications only.
    """
    after: str | None = ""
    while after is not None:
        upto: str | None = await tx.scalar(_NEXT, store=store_id, after=after, count=count)
        for row in await tx.all(_LEFT_BEHIND, store=store_id, after=after, upto=upto):
            yield f"{row.contact} is a customer's, and holds {row.amount} {row.unit} still"
        after = upto
    behind: str | None = ""
    while behind is not None:
        last: str | None = await tx.scalar(_NEXT_LOT, store=store_id, after=behind, count=count)
        for row in await tx.all(_ASTRAY, store=store_id, after=behind, upto=last):
            yield f"{row.lot_id} is {row.owner}'s, its contact is {row.customer_id or 'nobody'}'s"
        behind = last
