"""Backlogs: people with many open orders of which those from a place on are still to be decided."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from msgspec import Struct

from services.attribution.decisions.domain.history import BEGINNING, Place
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql.orders import COLUMNS, OrderRow, places_of
from services.kernel.db import Tx
from services.kernel.revisions import Ref

_OF = """
select b.store_id, b.person_id, b.since_at, b.since_order from backlogs b
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on b.store_id = w.s and b.person_id = w.id
"""
_PUT = """
insert into backlogs (store_id, person_id, since_at, since_order, turn_at, began_at, moved_back)
select s, p, at, id, now(), now(), 0
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]), cast(:ids as text[]))
     w (s, p, at, id)
order by 1, 2
on conflict (store_id, person_id) do update
set since_at = excluded.since_at, since_order = excluded.since_order, moved_back = backlogs.moved_back + 1
where (excluded.since_at, excluded.since_order) < (backlogs.since_at, backlogs.since_order)
"""
_REPORT = """
insert into undecided (store_id, order_id, person_id, placed_at)
select s, o, p, at from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:people as text[]),
                               cast(:ats as timestamptz[])) w (s, o, p, at)
order by 1, 2
on conflict (store_id, order_id) do update set
    person_id = excluded.person_id, placed_at = least(undecided.placed_at, excluded.placed_at)
"""
_BY_PERSON = """
select u.store_id, u.order_id, u.person_id from undecided u
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on u.store_id = w.s and u.person_id = w.id
"""
_TURN = """
select t.store_id, t.person_id, t.since_at, t.since_order,
       t.moved_back >= :times and t.began_at < now() - cast(:patience as interval) as overdue
from unnest(cast(:stores as text[])) w (s)
cross join lateral (
    select * from backlogs where store_id = w.s order by turn_at, person_id limit 1
) t
"""
# What was reported of an order may have moved it: its place in `undecided` is the one that holds.
_NEXT_UNCHANGED = f"""
select {COLUMNS} from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]),
                             cast(:ids as text[])) w (s, p, at, id)
cross join lateral (
    select * from orders where store_id = w.s and person_id = w.p and settled_at is null
      and (placed_at, order_id) >= (w.at, w.id)
      and not exists (select from undecided u where u.store_id = w.s and u.order_id = orders.order_id)
    order by placed_at, order_id limit :count
) o
"""  # noqa: S608  # the columns are ours
_NEXT_REPORTED = """
select u.store_id, u.order_id, u.person_id, u.placed_at
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]), cast(:ids as text[]))
     w (s, p, at, id)
cross join lateral (
    select * from undecided where store_id = w.s and person_id = w.p and (placed_at, order_id) >= (w.at, w.id)
    order by placed_at, order_id limit :count
) u
"""
_MOVE_ON = """
update backlogs b set since_at = w.at, since_order = w.id, turn_at = now()
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]), cast(:ids as text[]))
     w (s, p, at, id)
where b.store_id = w.s and b.person_id = w.p
"""
_END = """
delete from backlogs b using unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
where b.store_id = w.s and b.person_id = w.id
"""
_DECIDED = """
delete from undecided u using unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
where u.store_id = w.s and u.order_id = w.id
"""
_JOIN = """
with gone as (
    delete from backlogs b using unnest(cast(:stores as text[]), cast(:gone as text[])) w (s, gone)
    where b.store_id = w.s and b.person_id = w.gone returning b.store_id, b.person_id
)
insert into backlogs (store_id, person_id, since_at, since_order, turn_at, began_at, moved_back)
select distinct g.store_id, w.kept, cast(:at as timestamptz), '', now(), now(), 0 from gone g
join unnest(cast(:stores as text[]), cast(:gone as text[]), cast(:kept as text[])) w (s, gone, kept)
  on g.store_id = w.s and g.person_id = w.gone
on conflict (store_id, person_id) do update
set since_at = excluded.since_at, since_order = excluded.since_order, moved_back = backlogs.moved_back + 1
"""
_MOVE = """
update undecided u set person_id = w.kept
from unnest(cast(:stores as text[]), cast(:gone as text[]), cast(:kept as text[])) w (s, gone, kept)
where u.store_id = w.s and u.person_id = w.gone
"""
_WITH = "select store_id from backlogs where store_id = any(cast(:stores as text[])) group by 1"


class Reported(Struct, frozen=True):
    """An order of which something was reported that no decision knows yet, by its place and its person."""

    store_id: str
    order_id: str
    person_id: str
    placed_at: datetime


class Slice(Struct, frozen=True):
    """Some orders of a backlog, the first by place: the rows of those that were decided before."""

    orders: dict[Ref, str]
    """The person of each order."""
    rows: dict[Ref, OrderRow]
    reported: set[Ref]
    """Those of which something new was reported."""
    rest: dict[Ref, Place]
    """Where each person's next order stands; who has none is left out."""


async def of(tx: Tx, people: Iterable[Ref]) -> dict[Ref, Place]:
    """From where on the orders of these people are still to be decided, of those who have a backlog."""
    pairs = sorted(set(people))
    if not pairs:
        return {}
    rows = await tx.all(_OF, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])
    return {(row.store_id, row.person_id): (row.since_at, row.since_order) for row in rows}


async def put(tx: Tx, places: Mapping[Ref, Place]) -> None:
    """Notes that the orders of these people are to be decided from a place on; an earlier place holds."""
    if places:
        await tx.execute(_PUT, **places_of(places))


async def report(tx: Tx, orders: Sequence[Reported]) -> None:
    """Notes orders of which something new was reported. Of several moments of placing the earliest holds."""
    if orders:
        await tx.execute(
            _REPORT,
            stores=[o.store_id for o in orders],
            orders=[o.order_id for o in orders],
            people=[o.person_id for o in orders],
            ats=[o.placed_at for o in orders],
        )


async def by_person(tx: Tx, people: Iterable[Ref]) -> dict[Ref, str]:
    """The orders of these people that are not decided as they were reported, each with its person."""
    pairs = sorted(set(people))
    if not pairs:
        return {}
    rows = await tx.all(_BY_PERSON, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])
    return {(row.store_id, row.order_id): row.person_id for row in rows}


async def turn(tx: Tx, stores: Sequence[str], *, times: int, patience: timedelta) -> tuple[dict[Ref, Place], set[Ref]]:
    """Of each store the backlog whose turn it is; and those of them that were moved back so many times, and began so
    long ago.
    """
    rows = await tx.all(_TURN, stores=list(stores), times=times, patience=patience)
    places = {(row.store_id, row.person_id): (row.since_at, row.since_order) for row in rows}
    return places, {(row.store_id, row.person_id) for row in rows if row.overdue}


async def following(tx: Tx, places: Mapping[Ref, Place], *, count: int) -> Slice:
    """The next `count` orders of each backlog."""
    arguments = places_of(places)
    unchanged = [OrderRow(*tuple(row)) for row in await tx.all(_NEXT_UNCHANGED, **arguments, count=count + 1)]
    reported = [Reported(*tuple(row)) for row in await tx.all(_NEXT_REPORTED, **arguments, count=count + 1)]
    orders: dict[Ref, str] = {}
    rest: dict[Ref, Place] = {}
    entries = [(row.store_id, row.person_id, row.placed_at, row.order_id) for row in unchanged]
    entries += [(one.store_id, one.person_id, one.placed_at, one.order_id) for one in reported]
    for person, some in groupby(sorted(entries), key=lambda entry: entry[:2]):
        in_turn = [entry[2:] for entry in some]
        orders |= {(person[0], order_id): person[1] for _, order_id in in_turn[:count]}
        if len(in_turn) > count:
            rest[person] = in_turn[count]
    new = {(one.store_id, one.order_id) for one in reported} & orders.keys()
    rows = await order_rows.by_id(tx, new)
    rows |= {pair: row for row in unchanged if (pair := (row.store_id, row.order_id)) in orders}
    return Slice(orders, rows, new, rest)


async def move_on(tx: Tx, places: Mapping[Ref, Place]) -> None:
    """Notes from where to go on, at the end of the store's line."""
    if places:
        await tx.execute(_MOVE_ON, **places_of(places))


async def end(tx: Tx, people: Iterable[Ref]) -> None:
    """These have no backlog any more."""
    await _delete(tx, _END, people)


async def decided(tx: Tx, orders: Iterable[Ref]) -> None:
    """These orders are decided as they were reported."""
    await _delete(tx, _DECIDED, orders)


async def merge(tx: Tx, merges: Sequence[tuple[str, str, str]]) -> None:
    """Gives the backlogs of merged people, as (store, gone, kept), to those who are kept, from the beginning."""
    if merges:
        stores, gone, kept = ([m[i] for m in merges] for i in range(3))
        await tx.execute(_JOIN, stores=stores, gone=gone, kept=kept, at=BEGINNING[0])
        await tx.execute(_MOVE, stores=stores, gone=gone, kept=kept)


async def stores_with(tx: Tx, stores: Iterable[str]) -> set[str]:
    """Those of these stores where somebody has a backlog."""
    return {row.store_id for row in await tx.all(_WITH, stores=sorted(stores))}


async def _delete(tx: Tx, statement: str, wanted: Iterable[Ref]) -> None:
    pairs = sorted(set(wanted))
    if pairs:
        await tx.execute(statement, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])
