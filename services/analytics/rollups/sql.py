"""Adds differences to the roll-ups, one statement per table, and keeps sketches and progress."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from services.analytics.facts.sql import unnest
from services.analytics.rollups.domain.measures import HIGHEST, ROLLUPS, Deltas, Row
from services.analytics.rollups.domain.sketch import Sketch
from services.analytics.rollups.tables import TABLES
from services.kernel.db import Tx
from services.kernel.revisions import Ref

SketchKey = tuple[str, date, str]
"""Store, day, kind of people."""
Amounts = dict[str, int]


def _add_sql(name: str) -> str:
    keys, sums = ROLLUPS[name]
    highest = HIGHEST.get(name, frozenset())
    sets = ", ".join(
        f"{c} = greatest({name}.{c}, excluded.{c})" if c in highest else f"{c} = {name}.{c} + excluded.{c}"
        for c in sums
    )
    columns = ", ".join((*keys, *sums))
    return (
        f"insert into {name} ({columns}) select * from {unnest(TABLES[name], (*keys, *sums))}"  # noqa: S608
        f" on conflict ({', '.join(keys)}) do update set {sets}"
    )


_ADD = {name: _add_sql(name) for name in ROLLUPS}


def _page_sql(name: str, *, first: bool) -> str:
    keys, sums = ROLLUPS[name]
    types = {column: TABLES[name].c[column].type.compile() for column in keys[1:]}
    behind = ", ".join(f"cast(:{column} as {kind})" for column, kind in types.items())
    where = "" if first else f" and ({', '.join(keys[1:])}) > ({behind})"
    return (
        f"select {', '.join((*keys, *sums))} from {name} where store_id = :store{where}"  # noqa: S608
        f" order by {', '.join(keys[1:])} limit :count"
    )


_FIRST = {name: _page_sql(name, first=True) for name in ROLLUPS}
_NEXT = {name: _page_sql(name, first=False) for name in ROLLUPS}
_SKETCHES = """
select s.store_id, s.day, s.kind, s.hashes
from unnest(cast(:stores as text[]), cast(:days as date[]), cast(:kinds as text[])) as k(store_id, day, kind)
join sketches s on s.store_id = k.store_id and s.day = k.day and s.kind = k.kind
"""
_SAVE_SKETCHES = """
insert into sketches (store_id, day, kind, hashes)
select * from unnest(cast(:stores as text[]), cast(:days as date[]), cast(:kinds as text[]), cast(:hashes as bytea[]))
order by 1, 2, 3
on conflict (store_id, day, kind) do update set hashes = excluded.hashes
"""
_ADD_CHANGED = """
insert into changed_results (store_id, ambassador_id)
select * from unnest(cast(:stores as text[]), cast(:ids as text[])) on conflict do nothing
"""
_TAKE_CHANGED = """
delete from changed_results where ctid = any(array(
  select ctid from changed_results where store_id = any(cast(:stores as text[])) limit :count))
returning store_id, ambassador_id
"""
_MARK = """
insert into progress (store_id, newest_at, counted_at, delay_ms, events)
select s, n, :now, cast(greatest(0, extract(epoch from cast(:now as timestamptz) - n) * 1000) as bigint), e
from unnest(cast(:stores as text[]), cast(:newest as timestamptz[]), cast(:events as bigint[])) as t(s, n, e) order by 1
on conflict (store_id) do update set newest_at = greatest(progress.newest_at, excluded.newest_at),
  counted_at = excluded.counted_at, delay_ms = excluded.delay_ms, events = progress.events + excluded.events
"""


async def add_changed(tx: Tx, ambassadors: Iterable[Ref]) -> None:
    """Notes that the standings of these ambassadors are out of date."""
    if keys := sorted(set(ambassadors)):
        await tx.execute(_ADD_CHANGED, stores=[k[0] for k in keys], ids=[k[1] for k in keys])


async def take_changed(tx: Tx, stores: Sequence[str], *, count: int) -> list[Ref]:
    """Takes out up to `count` ambassadors whose standings are out of date."""
    rows = await tx.all(_TAKE_CHANGED, stores=list(stores), count=count)
    return [(row.store_id, row.ambassador_id) for row in rows]


async def add(tx: Tx, deltas: Deltas) -> None:
    """Adds what the batch counted. Keys are sorted: writers of the same rows never wait for each other in a ring."""
    for name, (keys, sums) in ROLLUPS.items():
        rows = list(deltas.changed(name))
        if rows:
            columns: dict[str, list[object]] = {
                column: [key[position] for key, _ in rows] for position, column in enumerate(keys)
            }
            columns.update({column: [amounts.get(column, 0) for _, amounts in rows] for column in sums})
            await tx.execute(_ADD[name], **columns)


async def add_people(tx: Tx, people: Mapping[SketchKey, Iterable[int]]) -> None:
    """Adds hashes of people to the sketches of their days. The callers hold the stores' locks."""
    if not people:
        return
    keys = sorted(people)
    rows = await tx.all(_SKETCHES, stores=[k[0] for k in keys], days=[k[1] for k in keys], kinds=[k[2] for k in keys])
    known = {(r.store_id, r.day, r.kind): Sketch.read(r.hashes) for r in rows}
    changed: dict[SketchKey, bytes] = {}
    for key in keys:
        before = known.get(key, Sketch())
        after = before.with_hashes(people[key])
        if after is not before:
            changed[key] = after.write()
    if changed:
        await tx.execute(
            _SAVE_SKETCHES,
            stores=[k[0] for k in changed],
            days=[k[1] for k in changed],
            kinds=[k[2] for k in changed],
            hashes=list(changed.values()),
        )


async def sums_after(tx: Tx, rollup: str, store_id: str, after: Row | None, *, count: int) -> list[tuple[Row, Amounts]]:
    """The next rows of a roll-up of a store, in the order of their keys: the keys, and the sums that are not 0."""
    keys, sums = ROLLUPS[rollup]
    given = {} if after is None else dict(zip(keys[1:], after[1:], strict=True))
    rows = await tx.all(_NEXT[rollup] if given else _FIRST[rollup], store=store_id, count=count, **given)
    return [
        (tuple(row[: len(keys)]), {name: amount for name, amount in zip(sums, row[len(keys) :], strict=True) if amount})
        for row in rows
    ]


async def mark(tx: Tx, newest: Mapping[str, datetime], events: Mapping[str, int]) -> None:
    """Notes up to which moment each store is counted."""
    if newest:
        await tx.execute(
            _MARK, stores=list(newest), newest=list(newest.values()), events=[events[s] for s in newest], now=tx.now
        )
