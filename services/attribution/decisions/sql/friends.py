"""What is remembered of people with orders (kept packed), and the settled orders that it is made of."""

from collections.abc import Iterable, Mapping
from typing import Final

from services.attribution.decisions.domain.friend import Friend, decode, encode
from services.attribution.decisions.domain.history import Place
from services.attribution.orders.sql import unpack as unpack_fact
from services.kernel.db import Tx
from services.kernel.packed import Packing
from services.kernel.revisions import Ref

_READ = """
select w.s as store_id, w.id as person_id, f.body, b.since_at, b.since_order
from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
left join friends f on f.store_id = w.s and f.person_id = w.id
left join backlogs b on b.store_id = w.s and b.person_id = w.id
"""
_PUT = """
insert into friends (store_id, person_id, orders, body)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:orders as int[]), cast(:bodies as bytea[]))
order by 1, 2
on conflict (store_id, person_id) do update set orders = excluded.orders, body = excluded.body
"""
_DROP = """
delete from friends f using unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
where f.store_id = w.s and f.person_id = w.id
"""
_SETTLEMENTS = """
with wanted as (
    select * from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
), once as (
    select wanted.*, id as was from wanted
    union all
    select wanted.*, m.person_id from wanted join person_merges m on m.store_id = wanted.s and m.into_id = wanted.id
)
select w.s as store_id, w.id as person_id, f.body from once w
join orders o on o.store_id = w.s and o.person_id = w.was and o.settled_at is not null and not o.cancelled
join order_facts f on f.store_id = o.store_id and f.order_id = o.order_id and f.fact_id = 'settled'
"""
_SLICE = """
select person_id, body from friends where store_id = :store and person_id > :after order by person_id limit :count
"""
_ORDERS = "select orders from friends where store_id = :store and person_id = :person"

_WORDS_1: Final = b"".join(
    (
        b'"visitors":[["2026-12-03T10:15:30.204000Z","v_"]],"tokens":[{"click_id":"clk_01k","link_id":"lnk_01k","program_id":',
        b'"prg_01k","ambassador_id":"amb_01k","at":"2026-12-03T10:15:30Z","quality":"person","embedded":false}]}',
        b'"settled":{"history":{"standing":1,"first":["2026-12-03T10:15:30.204000Z","10482",1,null,null],"last":["2026-12-03T',
        b'10:15:30.204000Z","10482",1,null,null],"won":{}},"leader":["2026-12-03T10:15:30.204000Z","10482",1,null,null]},',
        b'{"orders":1,"latest":["2026-12-03T10:15:30.204000Z","10482"],"customer_id":"8412","contact":"","settled":{',
        b'"history":{"standing":0,"first":null,"last":null,"won":{}},"leader":null},"total":{"standing":1,"first":[',
        b'"2026-12-03T10:15:30.204000Z","10482",1,"prg_01k9x0n2r6t0w4y8b2d6f0h4k8","amb_01k9x0p7v1x5z9c3e7g1j5m9q3"],',
        b'"last":["2026-12-03T10:15:30.204000Z","10482",1,"prg_01k9x0n2r6t0w4y8b2d6f0h4k8","amb_01k9x0p7v1x5z9c3e7g1j5m9q3"],',
        b'"won":{"prg_01k9x0n2r6t0w4y8b2d6f0h4k8":[["2026-12-03T10:15:30.204000Z","10482",1,"prg_01k9x0n2r6t0w4y8b2d6f0h4k8",',
        b'"amb_01k9x0p7v1x5z9c3e7g1j5m9q3"]]}},"visitors":[],"tokens":[]}',
    )
)
_PACKING: Final = Packing("what is remembered of a person", _WORDS_1)
unpack: Final = _PACKING.unpack


async def read(tx: Tx, people: Iterable[Ref]) -> tuple[dict[Ref, Friend], dict[Ref, Place]]:
    """What is remembered of these people, nothing of some; and from where on those with a backlog are to be decided."""
    pairs = sorted(set(people))
    if not pairs:
        return {}, {}
    rows = await tx.all(_READ, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])
    friends = {(row.store_id, row.person_id): decode(unpack(bytes(row.body))) for row in rows if row.body is not None}
    backlogs = {
        (row.store_id, row.person_id): (row.since_at, row.since_order) for row in rows if row.since_at is not None
    }
    return friends, backlogs


async def put(tx: Tx, friends: Mapping[Ref, Friend]) -> None:
    """Remembers."""
    if friends:
        await tx.execute(
            _PUT,
            stores=[store_id for store_id, _ in friends],
            ids=[person_id for _, person_id in friends],
            orders=[friend.orders for friend in friends.values()],
            bodies=[_PACKING.pack(encode(friend)) for friend in friends.values()],
        )


async def drop(tx: Tx, people: Iterable[Ref]) -> None:
    """Forgets people who are others now."""
    pairs = sorted(set(people))
    if pairs:
        await tx.execute(_DROP, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])


async def settlements(tx: Tx, people: Iterable[Ref]) -> dict[Ref, list[bytes]]:
    """The settlements of all orders of these people that still stand, as facts. Costs as much as there are."""
    pairs = sorted(set(people))
    found: dict[Ref, list[bytes]] = {pair: [] for pair in pairs}
    if not pairs:
        return found
    for row in await tx.all(_SETTLEMENTS, stores=[s for s, _ in pairs], ids=[i for _, i in pairs]):
        found[row.store_id, row.person_id].append(unpack_fact(bytes(row.body)))
    return found


async def page(tx: Tx, store_id: str, *, after: str, count: int) -> dict[Ref, Friend]:
    """What is remembered of a slice of a store's people, by (store, person)."""
    rows = await tx.all(_SLICE, store=store_id, after=after, count=count)
    return {(store_id, row.person_id): decode(unpack(bytes(row.body))) for row in rows}


async def orders_of(tx: Tx, store_id: str, person_id: str) -> int:
    """How many orders a person has; 0 where nothing is remembered."""
    return int(await tx.scalar(_ORDERS, store=store_id, person=person_id) or 0)
