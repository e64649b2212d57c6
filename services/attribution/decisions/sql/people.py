"""Who is one person, as an index: names to persons, merges, and which orders a piece bears on."""

from collections.abc import Iterable, Sequence

from services.kernel.db import Tx
from services.kernel.revisions import Ref

_PEOPLE = """
select w.s as store_id, w.k as key, coalesce(m.into_id, p.person_id) as person_id
from unnest(cast(:stores as text[]), cast(:keys as text[])) w (s, k)
join person_keys p on p.store_id = w.s and p.key = w.k
left join person_merges m on m.store_id = p.store_id and m.person_id = p.person_id
"""
_NAME = """
insert into person_keys (store_id, key, person_id)
select * from unnest(cast(:stores as text[]), cast(:keys as text[]), cast(:people as text[]))
order by 1, 2 on conflict do nothing
"""
_MERGE = """
insert into person_merges (store_id, person_id, into_id)
select * from unnest(cast(:stores as text[]), cast(:gone as text[]), cast(:kept as text[])) order by 1, 2
"""
_SHORTEN = """
update person_merges m set into_id = w.kept
from unnest(cast(:stores as text[]), cast(:gone as text[]), cast(:kept as text[])) w (s, gone, kept)
where m.store_id = w.s and m.into_id = w.gone
"""
_MOVE = """
update orders o set person_id = w.kept
from unnest(cast(:stores as text[]), cast(:gone as text[]), cast(:kept as text[])) w (s, gone, kept)
where o.store_id = w.s and o.person_id = w.gone and o.settled_at is null
"""
_REACHED = """
select distinct o.store_id, coalesce(m.into_id, o.person_id) as person_id
from unnest(cast(:stores as text[]), cast(:keys as text[])) w (s, k)
join ties t on t.store_id = w.s and t.key = w.k
join orders o on o.store_id = t.store_id and o.order_id = t.order_id
left join person_merges m on m.store_id = o.store_id and m.person_id = o.person_id
"""
_REACHED_OPEN = """
select store_id, person_id, count(*)::int as orders from (
    select o.store_id, o.person_id from unnest(cast(:stores as text[]), cast(:keys as text[])) w (s, k)
    join ties t on t.store_id = w.s and t.key = w.k
    join orders o on o.store_id = t.store_id and o.order_id = t.order_id and o.settled_at is null
    limit :most
) found group by 1, 2
"""
_REACHED_BY_PROGRAM = """
select store_id, person_id, count(*)::int as orders from (
    select o.store_id, o.person_id from orders o
    join unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:since as timestamptz[])) w (s, p, since)
      on o.store_id = w.s and o.placed_at >= w.since and w.p = any(o.programs)
    where o.settled_at is null limit :most
) found group by 1, 2
"""
_TIE = """
insert into ties (store_id, key, order_id)
select * from unnest(cast(:stores as text[]), cast(:keys as text[]), cast(:orders as text[]))
order by 1, 2, 3 on conflict do nothing
"""
_UNTIE = """
delete from ties t using unnest(cast(:stores as text[]), cast(:keys as text[]), cast(:orders as text[])) w (s, k, o)
where t.store_id = w.s and t.key = w.k and t.order_id = w.o
"""


async def of_keys(tx: Tx, keys: Iterable[Ref]) -> dict[Ref, str]:
    """The person behind each name that is known."""
    pairs = sorted(set(keys))
    if not pairs:
        return {}
    rows = await tx.all(_PEOPLE, stores=[s for s, _ in pairs], keys=[k for _, k in pairs])
    return {(row.store_id, row.key): row.person_id for row in rows}


async def name(tx: Tx, people: Sequence[tuple[Ref, str]]) -> None:
    """Gives people names that nobody had."""
    if people:
        await tx.execute(
            _NAME,
            stores=[pair[0] for pair, _ in people],
            keys=[pair[1] for pair, _ in people],
            people=[person for _, person in people],
        )


async def merge(tx: Tx, merges: Sequence[tuple[str, str, str]]) -> None:
    """Makes one of two people, each as (store, gone, kept), with their open orders: however many have settled, they are
    not written again. Tracking moves its own facts.
    """
    if not merges:
        return
    columns = {
        "stores": [m[0] for m in merges],
        "gone": [m[1] for m in merges],
        "kept": [m[2] for m in merges],
    }
    await tx.execute(_SHORTEN, **columns)
    await tx.execute(_MERGE, **columns)
    await tx.execute(_MOVE, **columns)


async def concerned(tx: Tx, keys: Iterable[Ref]) -> set[Ref]:
    """People with orders that these pieces (`v:`, `a:`, `d:`) bear on."""
    pairs = sorted(set(keys))
    if not pairs:
        return set()
    rows = await tx.all(_REACHED, stores=[s for s, _ in pairs], keys=[k for _, k in pairs])
    return {(row.store_id, row.person_id) for row in rows}


async def concerned_open(tx: Tx, keys: Iterable[Ref], *, most: int) -> dict[Ref, int]:
    """People with open orders that these pieces (`a:`, `d:`) bear on, with how many; of `most` orders in all."""
    pairs = sorted(set(keys))
    if not pairs:
        return {}
    rows = await tx.all(_REACHED_OPEN, stores=[s for s, _ in pairs], keys=[k for _, k in pairs], most=most)
    return {(row.store_id, row.person_id): row.orders for row in rows}


async def concerned_by_programs(tx: Tx, versions: Sequence[tuple[str, str, object]], *, most: int) -> dict[Ref, int]:
    """People with open orders that a version, as (store, program, in force since), may decide, with how many; of `most`
    orders in all.
    """
    if not versions:
        return {}
    rows = await tx.all(
        _REACHED_BY_PROGRAM,
        stores=[v[0] for v in versions],
        programs=[v[1] for v in versions],
        since=[v[2] for v in versions],
        most=most,
    )
    return {(row.store_id, row.person_id): row.orders for row in rows}


async def tie(tx: Tx, ties: Sequence[tuple[str, str, str]]) -> None:
    """Notes, as (store, key, order), which pieces bear on an order."""
    if ties:
        await tx.execute(_TIE, stores=[t[0] for t in ties], keys=[t[1] for t in ties], orders=[t[2] for t in ties])


async def untie(tx: Tx, ties: Sequence[tuple[str, str, str]]) -> None:
    """Forgets such notes."""
    if ties:
        await tx.execute(_UNTIE, stores=[t[0] for t in ties], keys=[t[1] for t in ties], orders=[t[2] for t in ties])
