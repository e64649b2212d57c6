"""Reads and writes states, whole batches at a time. Callers hold the lock of every store they touch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Table

from contracts.events.tracking import ClickRecorded
from services.analytics.facts import tables
from services.analytics.facts.domain import Click, Friend, Order, Reward, Share
from services.analytics.slices.domain import VersionKey
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import Ref

S = TypeVar("S", Friend, Share, Order, Reward)


def unnest(table: Table, columns: Sequence[str]) -> str:
    """`unnest(…)` over one array parameter per column, typed as the table's columns are."""
    casts = (f"cast(:{name} as {table.c[name].type.compile()}[])" for name in columns)
    return f"unnest({', '.join(casts)})".replace("TIMESTAMP WITH TIME ZONE", "timestamptz").replace(
        "DATETIME", "timestamptz"
    )


class States(Generic[S]):
    """Load and save of one kind of state: a struct whose fields are the table's columns, in order."""

    def __init__(self, table: Table, kind: type[S], id_column: str) -> None:
        self._make: Callable[..., S] = kind
        self._columns = list(kind.__struct_fields__)
        self._id = id_column
        names = ", ".join(self._columns)
        sets = ", ".join(f"{c} = excluded.{c}" for c in self._columns if c not in {"store_id", id_column})
        self._load = (
            f"select {', '.join('t.' + c for c in self._columns)}"  # noqa: S608 - names come from the table alone
            f" from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)"
            f" join {table.name} t on t.store_id = k.store_id and t.{id_column} = k.id"
        )
        self._next = (
            f"select {names} from {table.name} where store_id = :store and {id_column} > :after"  # noqa: S608
            f" order by {id_column} limit :count"
        )
        self._save = (
            f"insert into {table.name} ({names}) select * from {unnest(table, self._columns)} order by 1, 2"  # noqa: S608
            f" on conflict (store_id, {id_column}) do update set {sets}"
        )

    async def load(self, tx: Tx, keys: Iterable[Ref]) -> dict[Ref, S]:
        """Those of the states that exist."""
        wanted = sorted(set(keys))
        if not wanted:
            return {}
        rows = await tx.all(self._load, stores=[k[0] for k in wanted], ids=[k[1] for k in wanted])
        position = self._columns.index(self._id)
        return {(row[0], row[position]): self._make(*row) for row in rows}

    async def after(self, tx: Tx, store_id: str, after: str, *, count: int) -> list[S]:
        """The next states of a store, in the order of their ids."""
        return [self._make(*row) for row in await tx.all(self._next, store=store_id, after=after, count=count)]

    async def save(self, tx: Tx, changed: Mapping[Ref, S]) -> None:
        """Inserts or replaces these states."""
        if changed:
            await tx.execute(
                self._save, **{c: [getattr(state, c) for state in changed.values()] for c in self._columns}
            )


ORDERS = States(tables.ORDERS, Order, "order_id")
REWARDS = States(tables.REWARDS, Reward, "reward_id")
FRIENDS = States(tables.FRIENDS, Friend, "visitor_id")
SHARES = States(tables.SHARES, Share, "track_id")

_ADD_CLICKS = """
insert into clicks (store_id, click_id, at, channel)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:ats as timestamptz[]),
  cast(:channels as text[]))
order by 1, 2
on conflict (store_id, click_id) do update set at = excluded.at, channel = excluded.channel where clicks.at is null
returning store_id, click_id
"""
_SEE_VISITORS = """
insert into clicks (store_id, click_id, visitor_id, seen_at)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:visitors as text[]),
  cast(:ats as timestamptz[]))
order by 1, 2
on conflict (store_id, click_id) do update set visitor_id = excluded.visitor_id, seen_at = excluded.seen_at
where clicks.visitor_id is null or (excluded.seen_at, excluded.visitor_id) < (clicks.seen_at, clicks.visitor_id)
returning store_id, click_id
"""
_CLICKS = """
select c.store_id, c.click_id, c.channel, c.visitor_id
from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join clicks c on c.store_id = k.store_id and c.click_id = k.id
"""
_ADD_REPORTS = """
insert into reports (store_id, track_id, counted_at)
select s, i, :now from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(s, i) order by 1, 2
on conflict do nothing returning store_id, track_id
"""
_FORGET_REPORTS = """
delete from reports where ctid = any(array(
  select ctid from reports where store_id = any(cast(:stores as text[])) and counted_at < :before limit :count))
"""
_ORDERS_OF_CLICKS = """
select o.store_id, o.order_id from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join orders o on o.store_id = k.store_id and o.click_id = k.id and o.click_id <> ''
"""
_FRIENDS_OF_CLICKS = """
select f.store_id, f.visitor_id from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join friends f on f.store_id = k.store_id and f.click_id = k.id and f.channel = '' and f.click_id <> ''
"""
_ORDERS_OF_AMBASSADORS = """
select o.store_id, o.order_id from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join orders o on o.store_id = k.store_id and o.ambassador_id = k.id and o.ambassador_id <> '' and o.joined_at is null
"""
_ORDERS_OF_VERSIONS = """
select o.store_id, o.order_id
from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:versions as integer[])) as k(s, p, v)
join orders o on o.store_id = k.s and o.program_id = k.p and o.program_version = k.v
where o.discount_minor > 0 and o.promised_minor is null and o.status = 'attributed'
"""
_FIRST_ORDERS_OF = """
with wanted as (
  select store_id, id as buyer from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
  union
  select n.store_id, n.buyer from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
  join buyer_names n on n.store_id = k.store_id and n.name = k.id
)
select o.store_id, o.order_id from wanted w
join orders o on o.store_id = w.store_id and o.buyer = w.buyer and o.new_customer and o.status = 'attributed'
"""
_ADD_NAMES = """
insert into buyer_names (store_id, buyer, name)
select * from unnest(cast(:stores as text[]), cast(:buyers as text[]), cast(:names as text[])) order by 1, 2, 3
on conflict do nothing returning store_id, buyer, name
"""
_NAMES = """
select n.store_id, n.buyer, n.name from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join buyer_names n on n.store_id = k.store_id and n.buyer = k.id
"""
_SHARES_OF = """
select s.store_id, s.track_id from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join shares s on s.store_id = k.store_id and s.name = k.id and s.name <> ''
"""
_PARK = """
insert into parked (store_id, type, at, data)
select * from unnest(cast(:stores as text[]), cast(:types as text[]), cast(:ats as timestamptz[]),
  cast(:datas as bytea[]))
"""
_UNPARK = """
delete from parked where ctid = any(array(
  select ctid from parked where store_id = any(cast(:stores as text[])) order by id limit :count))
returning id, store_id, type, at, data
"""


class Parked(NamedTuple):
    """An event that waited for its store: type, moment of recording, payload as JSON."""

    id: int
    store_id: str
    type: str
    at: datetime
    data: bytes


async def add_clicks(tx: Tx, clicks: Mapping[Ref, ClickRecorded]) -> list[Ref]:
    """Keeps clicks and returns those that were not counted before."""
    if not clicks:
        return []
    rows = await tx.all(
        _ADD_CLICKS,
        stores=[k[0] for k in clicks],
        ids=[k[1] for k in clicks],
        ats=[c.at for c in clicks.values()],
        channels=[c.channel or "" for c in clicks.values()],
    )
    return [(r.store_id, r.click_id) for r in rows]


async def see_visitors(tx: Tx, seen: Mapping[Ref, tuple[datetime, str]]) -> list[Ref]:
    """Notes which visitor came with a click's token; the earliest one stays. Returns the clicks that changed."""
    if not seen:
        return []
    rows = await tx.all(
        _SEE_VISITORS,
        stores=[k[0] for k in seen],
        ids=[k[1] for k in seen],
        visitors=[visitor for _, visitor in seen.values()],
        ats=[at for at, _ in seen.values()],
    )
    return [(r.store_id, r.click_id) for r in rows]


async def clicks(tx: Tx, keys: Iterable[Ref]) -> dict[Ref, Click]:
    """What is known of these clicks."""
    return {(r.store_id, r.click_id): Click(r.channel or None, r.visitor_id) for r in await _look_up(tx, _CLICKS, keys)}


async def add_reports(tx: Tx, keys: Iterable[Ref]) -> set[Ref]:
    """Keeps ids of browser reports and returns those that are new."""
    wanted = sorted(set(keys))
    if not wanted:
        return set()
    rows = await tx.all(_ADD_REPORTS, stores=[k[0] for k in wanted], ids=[k[1] for k in wanted], now=tx.now)
    return {(r.store_id, r.track_id) for r in rows}


async def forget_reports(tx: Tx, stores: Sequence[str], *, before: datetime, count: int) -> int:
    """Drops up to `count` report ids that are too old to come again. Returns how many."""
    return await tx.execute(_FORGET_REPORTS, stores=list(stores), before=before, count=count)


async def orders_of_clicks(tx: Tx, keys: Iterable[Ref]) -> set[Ref]:
    """Orders that one of these clicks won."""
    return {(r[0], r[1]) for r in await _look_up(tx, _ORDERS_OF_CLICKS, keys)}


async def friends_of_clicks(tx: Tx, keys: Iterable[Ref]) -> set[Ref]:
    """Friends whose first touch was one of these clicks and who have no channel yet: a copied link brings several."""
    return {(r[0], r[1]) for r in await _look_up(tx, _FRIENDS_OF_CLICKS, keys)}


async def orders_of_ambassadors(tx: Tx, keys: Iterable[Ref]) -> set[Ref]:
    """Orders of these ambassadors that were counted before the ambassador was known."""
    return {(r[0], r[1]) for r in await _look_up(tx, _ORDERS_OF_AMBASSADORS, keys)}


async def orders_of_versions(tx: Tx, keys: Iterable[VersionKey]) -> set[Ref]:
    """Orders with a discount that were counted before the program's version was known."""
    wanted = sorted(set(keys))
    if not wanted:
        return set()
    rows = await tx.all(
        _ORDERS_OF_VERSIONS,
        stores=[k[0] for k in wanted],
        programs=[k[1] for k in wanted],
        versions=[k[2] for k in wanted],
    )
    return {(r.store_id, r.order_id) for r in rows}


async def first_orders_of(tx: Tx, names: Iterable[Ref]) -> set[Ref]:
    """First referred orders of the buyers who are known by one of these names."""
    return {(r[0], r[1]) for r in await _look_up(tx, _FIRST_ORDERS_OF, names)}


async def add_names(tx: Tx, names: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Keeps (store, buyer, contact hash) and returns those that are new: a friend may join by any of them."""
    wanted = sorted(set(names))
    if not wanted:
        return []
    stores, buyers, hashes = zip(*wanted, strict=True)
    rows = await tx.all(_ADD_NAMES, stores=list(stores), buyers=list(buyers), names=list(hashes))
    return [(r.store_id, r.buyer, r.name) for r in rows]


async def names_of(tx: Tx, buyers: Iterable[Ref]) -> dict[Ref, set[str]]:
    """Buyer → everything that they are known by: the name they are counted under, and their contacts' hashes."""
    found = {key: {key[1]} for key in buyers}
    for row in await _look_up(tx, _NAMES, found):
        found[row.store_id, row.buyer].add(row.name)
    return found


async def shares_of(tx: Tx, names: Iterable[Ref]) -> set[Ref]:
    """Shares of these persons."""
    return {(r[0], r[1]) for r in await _look_up(tx, _SHARES_OF, names)}


async def park(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Keeps events until their store is known."""
    if events:
        await tx.execute(
            _PARK,
            stores=[e.store_id for e in events],
            types=[e.type for e in events],
            ats=[e.at for e in events],
            datas=[e.data.__pydantic_serializer__.to_json(e.data) for e in events],
        )


async def unpark(tx: Tx, stores: Sequence[str], *, count: int) -> list[Parked]:
    """Takes up to `count` waiting events of these stores out, in the order in which they came."""
    rows = await tx.all(_UNPARK, stores=sorted(stores), count=count)
    return sorted((Parked(r.id, r.store_id, r.type, r.at, r.data) for r in rows), key=lambda parked: parked.id)


async def _look_up(tx: Tx, sql: str, keys: Iterable[Ref]) -> Sequence[Any]:
    wanted = sorted(set(keys))
    return await tx.all(sql, stores=[k[0] for k in wanted], ids=[k[1] for k in wanted]) if wanted else ()
