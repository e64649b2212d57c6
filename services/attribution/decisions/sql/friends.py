"""What is remembered of people with orders (kept packed), and the settled orders that it is made of."""

from collections.abc import Iterable, Mapping
from typing import Final

from services.attribution.decisions.domain.friend import Friend, decode, encode
from services.attribution.orders.sql import unpack as unpack_fact
from services.kernel.db import Tx
from services.kernel.packed import Packing

Pair = tuple[str, str]
"""A store's id and a person in it."""

_READ = """
select f.store_id, f.person_id, f.body from friends f
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on f.store_id = w.s and f.person_id = w.id
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
select w.s as store_id, w.id as person_id, f.body from (
    select s, id, id as was from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
    union all
    select s, id, m.person_id from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
    join person_merges m on m.store_id = w.s and m.into_id = w.id
) w
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


async def read(tx: Tx, people: Iterable[Pair]) -> dict[Pair, Friend]:
    """What is remembered of these people; nothing of some."""
    pairs = sorted(set(people))
    if not pairs:
        return {}
    rows = await tx.all(_READ, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])
    return {(row.store_id, row.person_id): decode(unpack(bytes(row.body))) for row in rows}


async def put(tx: Tx, friends: Mapping[Pair, Friend]) -> None:
    """Remembers."""
    if friends:
        await tx.execute(
            _PUT,
            stores=[store_id for store_id, _ in friends],
            ids=[person_id for _, person_id in friends],
            orders=[friend.orders for friend in friends.values()],
            bodies=[_PACKING.pack(encode(friend)) for friend in friends.values()],
        )


async def drop(tx: Tx, people: Iterable[Pair]) -> None:
    """Forgets people who are others now."""
    pairs = sorted(set(people))
    if pairs:
        await tx.execute(_DROP, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])


async def settlements(tx: Tx, people: Iterable[Pair]) -> dict[Pair, list[bytes]]:
    """The settlements of these people's orders that still stand, as facts."""
    pairs = sorted(set(people))
    found: dict[Pair, list[bytes]] = {pair: [] for pair in pairs}
    if pairs:
        for row in await tx.all(_SETTLEMENTS, stores=[s for s, _ in pairs], ids=[i for _, i in pairs]):
            found[row.store_id, row.person_id].append(unpack_fact(bytes(row.body)))
    return found


async def page(tx: Tx, store_id: str, *, after: str, count: int) -> dict[Pair, Friend]:
    """What is remembered of a slice of a store's people, by (store, person)."""
    rows = await tx.all(_SLICE, store=store_id, after=after, count=count)
    return {(store_id, row.person_id): decode(unpack(bytes(row.body))) for row in rows}


async def orders_of(tx: Tx, store_id: str, person_id: str) -> int:
    """How many orders a person has; 0 where nothing is remembered."""
    return int(await tx.scalar(_ORDERS, store=store_id, person=person_id) or 0)
