"""Marks among the settled orders of people, and these orders between two of them."""

from collections.abc import Iterable, Sequence
from typing import Final

from services.attribution.decisions.domain.history import BEGINNING, History, Place
from services.attribution.decisions.domain.marks import LEVELS, Span, decode, encode
from services.attribution.orders.sql import unpack as unpack_fact
from services.kernel.db import Row, Tx
from services.kernel.packed import Packing
from services.kernel.revisions import Ref

_PLACES = """unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]),
            cast(:ids as text[]))"""
_OF_LEVEL = "settled_marks where store_id = w.s and person_id = w.was and level = {level}"
_LAST = f"""
left join lateral (
    select placed_at, order_id from {_OF_LEVEL} and (placed_at, order_id) <= (w.at, w.id)
    order by placed_at desc, order_id desc limit 1
) l{{level}} on true"""  # noqa: S608  # the names are ours
_BEHIND = f"""
    select placed_at, order_id, body from {_OF_LEVEL} and (placed_at, order_id) <= (w.at, w.id)
      and (placed_at, order_id) > ({{at}}, {{id}})"""  # noqa: S608


def _behind(level: int) -> str:
    if level == LEVELS:
        return _BEHIND.format(level=level, at="timestamptz '-infinity'", id="''")
    above = f"l{level + 1}"
    # Under the stores' policy an index serves what cannot leak: `case` is known to be so, `coalesce` is not.
    at, order_id = (
        f"case when {above}.order_id is null then {least} else {above}.{name} end"
        for name, least in (("placed_at", "'-infinity'"), ("order_id", "''"))
    )
    return _BEHIND.format(level=level, at=at, id=order_id)


# Of each level those marks that stand behind the last one of the level above. A mark is one of the lower levels too.
_BEFORE = f"""
with wanted as (
    select * from {_PLACES} with ordinality w (s, p, at, id, n)
), once as (
    select wanted.*, p as was from wanted
    union all
    select wanted.*, m.person_id from wanted join person_merges m on m.store_id = wanted.s and m.into_id = wanted.p
)
select w.n - 1 as n, w.was as person_id, m.placed_at, m.order_id, m.body from once w
{"".join(_LAST.format(level=level) for level in range(LEVELS, 1, -1))}
left join lateral (
    {" union all ".join(_behind(level) for level in range(LEVELS, 0, -1))}
) m on true
"""  # noqa: S608
# Ranges by index, also where the planner knows only that one person has most of a table.
_BETWEEN = """
select w.n - 1 as n, f.body
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:since as timestamptz[]),
            cast(:since_orders as text[]), cast(:until as timestamptz[]), cast(:until_orders as text[]))
     with ordinality w (s, p, since, since_order, until, until_order, n)
cross join lateral (
    select store_id, order_id from orders
    where store_id = w.s and person_id = w.p and settled_at is not null and not cancelled
      and (placed_at, order_id) >= (w.since, w.since_order) and (placed_at, order_id) < (w.until, w.until_order)
    order by placed_at, order_id offset 0
) o
cross join lateral (
    select body from order_facts where store_id = o.store_id and order_id = o.order_id and fact_id = 'settled' offset 0
) f
"""
_ADD = """
insert into settled_marks (store_id, person_id, level, placed_at, order_id, body)
select s, p, l, at, id, :body from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:levels as int[]),
    cast(:ats as timestamptz[]), cast(:ids as text[])) w (s, p, l, at, id)
order by 1, 2, 3, 4, 5 on conflict do nothing returning 1
"""
_FROM = """(
    select store_id, person_id, placed_at, order_id from settled_marks
    where store_id = w.s and person_id = w.p and level = :level and (placed_at, order_id) {} (w.at, w.id)
    order by placed_at, order_id limit 1)"""
_TOUCHED = f"""
select distinct m.store_id, m.person_id, m.placed_at, m.order_id, b.placed_at as since_at, b.order_id as since_order
from {_PLACES} w (s, p, at, id)
cross join lateral ({_FROM.format(">=")} union {_FROM.format(">")}) m
left join lateral (
    select placed_at, order_id from settled_marks
    where store_id = m.store_id and person_id = m.person_id and level = :level
      and (placed_at, order_id) < (m.placed_at, m.order_id)
    order by placed_at desc, order_id desc limit 1
) b on true
"""  # noqa: S608
_BELOW = """
select w.n - 1 as n, m.body
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:since as timestamptz[]),
            cast(:since_orders as text[]), cast(:until as timestamptz[]), cast(:until_orders as text[]))
     with ordinality w (s, p, since, since_order, until, until_order, n)
cross join lateral (
    select body from settled_marks where store_id = w.s and person_id = w.p and level = :level - 1
      and (placed_at, order_id) > (w.since, w.since_order) and (placed_at, order_id) <= (w.until, w.until_order)
    order by placed_at, order_id offset 0
) m
"""
_PUT = """
update settled_marks m set body = w.body
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]), cast(:ids as text[]),
            cast(:bodies as bytea[])) w (s, p, at, id, body)
where m.store_id = w.s and m.person_id = w.p and m.level = :level and m.placed_at = w.at and m.order_id = w.id
"""
_ONCE = """
with once as (
    select s, p, p as was from unnest(cast(:stores as text[]), cast(:people as text[])) w (s, p)
    union all
    select s, p, m.person_id from unnest(cast(:stores as text[]), cast(:people as text[])) w (s, p)
    join person_merges m on m.store_id = s and m.into_id = p
)
"""
_DROP = f"{_ONCE} delete from settled_marks m using once w where m.store_id = w.s and m.person_id = w.was"  # noqa: S608
_ALL = f"""
{_ONCE} select m.store_id, w.p as into_id, m.person_id, m.level, m.placed_at, m.order_id, m.body
from once w join settled_marks m on m.store_id = w.s and m.person_id = w.was
"""  # noqa: S608
_KEPT_AS = """
select o.store_id, o.person_id, o.placed_at, o.order_id
from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
join orders o on o.store_id = w.s and o.order_id = w.id and o.settled_at is not null
"""

_WORDS_1: Final = (
    b'{"standing":1,"first":null,"last":null,"won":{}}{"standing":17,"first":["2026-12-03T10:15:30.204000Z","10482",1,'
    b'null,null],"last":["2026-12-03T10:15:30.204000Z","10482",12,"prg_01k9x0n2r6t0w4y8b2d6f0h4k8",'
    b'"amb_01k9x0p7v1x5z9c3e7g1j5m9q3"],"won":{"prg_01k9x0n2r6t0w4y8b2d6f0h4k8":[["2026-12-03T10:15:30.204000Z",'
    b'"10482",2,"prg_01k9x0n2r6t0w4y8b2d6f0h4k8","amb_01k9x0p7v1x5z9c3e7g1j5m9q3"],["2026-12-03T10:15:30Z"'
)
_PACKING: Final = Packing("what settled orders between two marks come to", _WORDS_1)

Placed = tuple[Ref, Place]
"""The (store, person) of an order, and its place."""


async def before(tx: Tx, places: Sequence[Placed]) -> list[Row]:
    """The marks that say what stands before each of some places: of each person of old (`person_id`) who is the wanted
    one (`n`, by number) now, at least a row, without a mark (`body` null) if there is none.
    """
    return list(await tx.all(_BEFORE, **_placed(places)))


async def between(tx: Tx, spans: Sequence[Span]) -> list[list[bytes]]:
    """The settlements of the orders that stand in each span, as facts."""
    found: list[list[bytes]] = [[] for _ in spans]
    for row in await tx.all(_BETWEEN, **_spans(spans)) if spans else ():
        found[row.n].append(unpack_fact(bytes(row.body)))
    return found


async def add(tx: Tx, marks: Sequence[tuple[int, Placed]]) -> int:
    """Adds marks, by level, that say nothing yet; returns how many were new."""
    if not marks:
        return 0
    levels = [level for level, _ in marks]
    rows = await tx.all(_ADD, levels=levels, body=kept(History()), **_placed([placed for _, placed in marks]))
    return len(rows)


async def touched(tx: Tx, level: int, places: Sequence[Placed]) -> list[Span]:
    """The spans of a level, each up to its mark, that an order at one of these places is in or is the mark of."""
    rows = await tx.all(_TOUCHED, level=level, **_placed(places)) if places else ()
    return [
        Span(
            row.store_id,
            row.person_id,
            BEGINNING if row.since_at is None else (row.since_at, row.since_order),
            (row.placed_at, row.order_id),
        )
        for row in rows
    ]


async def below(tx: Tx, level: int, spans: Sequence[Span]) -> list[list[History]]:
    """What the marks of the level below say that lie in each of a level's spans."""
    found: list[list[History]] = [[] for _ in spans]
    for row in await tx.all(_BELOW, level=level, **_spans(spans)):
        found[row.n].append(read(row.body))
    return found


async def put(tx: Tx, level: int, histories: Sequence[tuple[Span, History]]) -> None:
    """Has the marks at the end of these spans say so."""
    places = [((span.store_id, span.person_id), span.until) for span, _ in histories]
    await tx.execute(_PUT, level=level, bodies=[kept(history) for _, history in histories], **_placed(places))


async def drop(tx: Tx, people: Iterable[Ref]) -> None:
    """Takes away all marks of these people, and of those whom they were."""
    await tx.execute(_DROP, **_people(people))


async def of_people(tx: Tx, people: Iterable[Ref]) -> list[Row]:
    """Every mark of these people, of whom each `person_id` is one now (`into_id`)."""
    return list(await tx.all(_ALL, **_people(people)))


async def kept_as(tx: Tx, orders: Iterable[Ref]) -> list[Placed]:
    """The places of settled orders, each with the person that it settled with."""
    pairs = sorted(set(orders))
    rows = await tx.all(_KEPT_AS, stores=[s for s, _ in pairs], ids=[i for _, i in pairs]) if pairs else ()
    return [((row.store_id, row.person_id), (row.placed_at, row.order_id)) for row in rows]


def kept(history: History) -> bytes:
    """As it lies on disk."""
    return _PACKING.pack(encode(history))


def read(body: object) -> History:
    """What a mark says."""
    return decode(_PACKING.unpack(bytes(body)))  # type: ignore[call-overload]


def _people(people: Iterable[Ref]) -> dict[str, list[str]]:
    pairs = sorted(set(people))
    return {"stores": [store_id for store_id, _ in pairs], "people": [person_id for _, person_id in pairs]}


def _placed(places: Sequence[Placed]) -> dict[str, list[object]]:
    return {
        "stores": [store_id for (store_id, _), _ in places],
        "people": [person_id for (_, person_id), _ in places],
        "ats": [at for _, (at, _) in places],
        "ids": [order_id for _, (_, order_id) in places],
    }


def _spans(spans: Sequence[Span]) -> dict[str, list[object]]:
    return {
        "stores": [span.store_id for span in spans],
        "people": [span.person_id for span in spans],
        "since": [span.since[0] for span in spans],
        "since_orders": [span.since[1] for span in spans],
        "until": [span.until[0] for span in spans],
        "until_orders": [span.until[1] for span in spans],
    }
