"""Sweeps through the open orders of a store: which are under way, how far, and whom they come to next."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from services.kernel.db import Tx

_PUT = """
insert into sweeps (store_id, key, since, after)
select s, k, min(since), '' from unnest(cast(:stores as text[]), cast(:keys as text[]), cast(:since as timestamptz[]))
     w (s, k, since)
group by 1, 2 order by 1, 2
on conflict (store_id, key) do update set since = least(sweeps.since, excluded.since), after = ''
"""
_OF = """
select store_id, key, since, after from sweeps where store_id = any(cast(:stores as text[])) order by store_id, key
"""
_NEXT = """
select looked.person_id, bool_or(looked.concerned) as concerned, count(*)::int as orders from (
    select o.person_id, o.placed_at >= :since and case when cast(:key as text) like 'p:%'
        then substr(cast(:key as text), 3) = any(o.programs) else cast(:key as text) = any(o.pieces) end as concerned
    from orders o where o.store_id = :store and o.settled_at is null and o.person_id > :after
    order by o.person_id, o.placed_at, o.order_id limit :count
) looked group by looked.person_id order by looked.person_id
"""
_MOVE = "update sweeps set after = :after where store_id = :store and key = :key"
_END = "delete from sweeps where store_id = :store and key = :key"


class Sweep(Struct, frozen=True):
    """What came (`p:` a program's version, `a:` an ambassador, `d:` a code) and may decide orders placed `since` again.
    People up to `after` are done.
    """

    store_id: str
    key: str
    since: datetime
    after: str = ""


async def begin(tx: Tx, causes: Iterable[Sweep]) -> None:
    """Starts sweeps. One that is under way for the same cause starts again."""
    some = list(causes)
    await tx.execute(_PUT, stores=[c.store_id for c in some], keys=[c.key for c in some], since=[c.since for c in some])


async def under_way(tx: Tx, stores: Iterable[str]) -> list[Sweep]:
    """The sweeps of these stores."""
    return [Sweep(*tuple(row)) for row in await tx.all(_OF, stores=sorted(set(stores)))]


async def advance(tx: Tx, sweep: Sweep, *, count: int) -> Sequence[str]:
    """Whom the sweep comes to next: people with, together, at most `count` open orders, or one who has more. Notes that
    they are done; returns those whom the cause concerns.
    """
    found = await tx.all(_NEXT, store=sweep.store_id, key=sweep.key, since=sweep.since, after=sweep.after, count=count)
    whole = sum(row.orders for row in found) < count
    if whole:
        await tx.execute(_END, store=sweep.store_id, key=sweep.key)
    elif len(found) == 1:
        # Not all of this person's orders were looked at: whoever has so many is taken to be concerned.
        await tx.execute(_MOVE, store=sweep.store_id, key=sweep.key, after=found[0].person_id)
        return [found[0].person_id]
    else:
        found = found[:-1]
        await tx.execute(_MOVE, store=sweep.store_id, key=sweep.key, after=found[-1].person_id)
    return [row.person_id for row in found if row.concerned]
