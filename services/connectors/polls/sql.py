"""Reads and writes polls, what they found, and what nobody had reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from services.connectors.inbox.domain.marks import ReportMarks
from services.connectors.platforms.domain.port import POLLED
from services.connectors.polls.domain import SIZE, Kind, State
from services.connectors.polls.domain.changes import EarlierReport
from services.kernel.db import Tx


@dataclass(frozen=True, slots=True)
class Poll:
    """A connection's poll; see the table for what its fields mean."""

    store_id: str
    hook_id: str
    state: State
    reached_at: datetime
    reason: str | None = None
    round: int = 0
    next_at: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    since_at: datetime | None = None
    until_at: datetime | None = None
    cursor: str | None = None
    size: int = SIZE
    asked: int = 0
    found: int = 0
    missed: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """What a poll found that no delivery had reported."""

    store_id: str
    delivery_id: str
    hook_id: str
    order_id: str
    kind: Kind
    as_of: datetime | None
    found_at: datetime
    late_at: datetime | None = None
    marks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A day's gaps, in the store's zone."""

    day: str
    missed: int
    changed: int
    late: int


_NAMES: Final = [one.name for one in fields(Poll)]
_FIELDS = ", ".join(_NAMES)
_ADD = f"insert into polls ({_FIELDS}) values ({', '.join(f':{name}' for name in _NAMES)}) on conflict do nothing"  # noqa: S608
_SAVE = f"""
update polls set {", ".join(f"{name} = :{name}" for name in _NAMES[2:])}
where store_id = :store_id and hook_id = :hook_id
"""  # noqa: S608  # names of columns
_ONE = f"select {_FIELDS} from polls where store_id = :store and hook_id = :hook"  # noqa: S608
_LOCKED = _ONE + " for update"
_DUE = f"""
select {", ".join(f"p.{name}" for name in _NAMES)}, h.platform from polls p
join hooks h on h.store_id = p.store_id and h.hook_id = p.hook_id and h.deleted_at is null and h.access is not null
where p.store_id = any(cast(:stores as text[])) and p.state = 'idle' and p.next_at <= :now
order by p.store_id, p.hook_id for update of p
"""  # noqa: S608
_NEXT = """
select p.store_id, min(p.next_at) as at from polls p
join hooks h on h.store_id = p.store_id and h.hook_id = p.hook_id and h.deleted_at is null and h.access is not null
where p.store_id = any(cast(:stores as text[])) and p.state = 'idle' and p.next_at is not null group by p.store_id
"""
# What a poll found is kept as a delivery, too, and nobody delivered it.
_EARLIER_REPORTS = """
select order_id, said, as_of, received_at as at, false as polled from deliveries
where store_id = :store and hook_id = :hook and order_id = any(cast(:orders as text[])) and outcome = 'taken'
  and topic <> :poll
union all
select order_id, said, as_of, seen_at, true from polled
where store_id = :store and hook_id = :hook and order_id = any(cast(:orders as text[]))
"""
_FOUND = """
insert into polled (store_id, hook_id, order_id, said, as_of, seen_at)
select :store, :hook, w.order_id, string_to_array(w.said, ' '), w.as_of, :now
from unnest(cast(:orders as text[]), cast(:said as text[]), cast(:as_of as timestamptz[])) w (order_id, said, as_of)
order by 3
on conflict (store_id, hook_id, order_id) do update
set said = excluded.said, as_of = excluded.as_of, seen_at = excluded.seen_at
"""
_ADD_GAPS = """
insert into gaps (store_id, delivery_id, hook_id, order_id, kind, said, as_of, found_at)
select :store, w.delivery_id, :hook, w.order_id, w.kind, string_to_array(w.said, ' '), w.as_of, :now
from unnest(cast(:ids as text[]), cast(:orders as text[]), cast(:kinds as text[]), cast(:said as text[]),
            cast(:as_of as timestamptz[])) w (delivery_id, order_id, kind, said, as_of)
order by 2 on conflict do nothing
"""
_LATE = """
with told as (
  select g.delivery_id, max(d.received_at) as at, array_agg(m) as marks
  from gaps g
  join deliveries d on d.store_id = g.store_id and d.hook_id = g.hook_id and d.order_id = g.order_id
    and d.received_at >= g.found_at and d.topic <> :poll
  cross join lateral unnest(d.said) m
  where g.store_id = :store and g.hook_id = :hook and g.late_at is null and g.found_at > :since
  group by 1
)
update gaps g set late_at = told.at from told
where g.store_id = :store and g.delivery_id = told.delivery_id and g.said <@ told.marks
"""
_GAPS = """
select store_id, delivery_id, hook_id, order_id, kind, as_of, found_at, late_at from gaps
where store_id = :store and hook_id = :hook
  and (cast(:before_at as timestamptz) is null
       or (found_at, delivery_id) < (cast(:before_at as timestamptz), cast(:before_id as text)))
order by found_at desc, delivery_id desc limit :most
"""
_DAYS = """
select to_char(found_at at time zone :zone, 'YYYY-MM-DD') as day,
       count(*) filter (where late_at is null and kind = 'missed') as missed,
       count(*) filter (where late_at is null and kind = 'changed') as changed,
       count(*) filter (where late_at is not null) as late
from gaps where store_id = :store and hook_id = :hook and found_at >= :since group by 1 order by 1 desc
"""
_FORGET = """
with old_gaps as (
  delete from gaps where ctid = any(array(
    select ctid from gaps where store_id = any(cast(:stores as text[])) and found_at < :before limit :most))
  returning 1
), old_polled as (
  delete from polled where ctid = any(array(
    select ctid from polled where store_id = any(cast(:stores as text[])) and seen_at < :before limit :most))
  returning 1
), ended as (
  delete from polls p using hooks h where p.store_id = any(cast(:stores as text[])) and h.store_id = p.store_id
    and h.hook_id = p.hook_id and h.deleted_at is not null
)
select greatest((select count(*) from old_gaps), (select count(*) from old_polled))
"""
_OLDEST = """
select store_id, min(at) as at from (
  select store_id, min(seen_at) as at from polled where store_id = any(cast(:stores as text[])) group by 1
  union all
  select store_id, min(found_at) from gaps where store_id = any(cast(:stores as text[])) group by 1
) w group by 1
"""


async def add(tx: Tx, poll: Poll) -> None:
    """Makes a connection's poll, if it has none."""
    await tx.execute(_ADD, **_values(poll))


async def save(tx: Tx, poll: Poll) -> None:
    """Writes a poll that is locked."""
    await tx.execute(_SAVE, **_values(poll))


async def one(tx: Tx, store_id: str, hook_id: str, *, lock: bool = False) -> Poll | None:
    """A connection's poll; with `lock`, nobody else changes it before the transaction's end."""
    row = await tx.one_or_none(_LOCKED if lock else _ONE, store=store_id, hook=hook_id)
    return None if row is None else _poll(row)


async def due(tx: Tx, stores: Sequence[str]) -> list[tuple[Poll, str]]:
    """Polls whose time has come, of connections with access, locked; each with its platform."""
    rows = await tx.all(_DUE, stores=list(stores), now=tx.now)
    return [(_poll(row), row.platform) for row in rows]


async def next_moments(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When the next poll of each store comes, of those that have any."""
    return {row.store_id: row.at for row in await tx.all(_NEXT, stores=list(stores))}


async def earlier_reports(
    tx: Tx, store_id: str, hook_id: str, orders: Sequence[str]
) -> dict[str, list[tuple[EarlierReport, bool]]]:
    """What was reported of these orders; each with whether it was a poll that found it."""
    found: dict[str, list[tuple[EarlierReport, bool]]] = {}
    for row in await tx.all(_EARLIER_REPORTS, store=store_id, hook=hook_id, orders=list(orders), poll=POLLED):
        marks = None if row.said is None else tuple(row.said)
        found.setdefault(row.order_id, []).append((EarlierReport(marks, row.as_of, row.at - tx.offset), row.polled))
    return found


async def note_found(tx: Tx, store_id: str, hook_id: str, found: Mapping[str, ReportMarks]) -> None:
    """Notes what is known of orders by polls."""
    await tx.execute(
        _FOUND,
        store=store_id,
        hook=hook_id,
        now=tx.now,
        orders=list(found),
        said=[" ".join(one.marks) for one in found.values()],
        as_of=[one.as_of for one in found.values()],
    )


async def add_gaps(tx: Tx, store_id: str, hook_id: str, gaps: Sequence[Gap]) -> None:
    """Notes what nobody had reported. All of one connection."""
    if gaps:
        await tx.execute(
            _ADD_GAPS,
            store=store_id,
            hook=hook_id,
            now=tx.now,
            ids=[one.delivery_id for one in gaps],
            orders=[one.order_id for one in gaps],
            kinds=[one.kind for one in gaps],
            said=[" ".join(one.marks) for one in gaps],
            as_of=[one.as_of for one in gaps],
        )


async def note_late(tx: Tx, store_id: str, hook_id: str, *, since: datetime) -> None:
    """Notes which gaps that were found since then were reported after all, by deliveries that came later."""
    await tx.execute(_LATE, store=store_id, hook=hook_id, poll=POLLED, since=since)


async def gaps(tx: Tx, store_id: str, hook_id: str, *, before: tuple[datetime, str] | None, count: int) -> list[Gap]:
    """A connection's gaps, the newest first, of those found before another."""
    at, delivery_id = before or (None, None)
    rows = await tx.all(_GAPS, store=store_id, hook=hook_id, before_at=at, before_id=delivery_id, most=count)
    return [Gap(*tuple(row)) for row in rows]


async def days(tx: Tx, store_id: str, hook_id: str, *, since: datetime, zone: str) -> list[Day]:
    """How many gaps were found on each day that had any, the newest first."""
    return [Day(*tuple(row)) for row in await tx.all(_DAYS, store=store_id, hook=hook_id, since=since, zone=zone)]


async def forget(tx: Tx, stores: Sequence[str], *, before: datetime, most: int) -> bool:
    """Drops what is too old, and polls of connections that have ended; whether there may be more."""
    dropped: int = await tx.scalar(_FORGET, stores=list(stores), before=before, most=most)
    return dropped == most


async def oldest(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Since when each store has findings or gaps, of those that have any."""
    return {row.store_id: row.at for row in await tx.all(_OLDEST, stores=list(stores))}


def _poll(row: Any) -> Poll:
    return Poll(*tuple(row)[: len(_NAMES)])


def _values(poll: Poll) -> dict[str, object]:
    return {name: getattr(poll, name) for name in _NAMES}
