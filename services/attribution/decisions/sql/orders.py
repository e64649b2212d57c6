"""The current state of each order, and its decisions as revisions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from services.attribution.decisions.domain.history import Place
from services.attribution.decisions.sql.packed import pack
from services.kernel.db import Tx
from services.kernel.revisions import Ref

AT_ONCE = 1000
"""Rows that one statement writes: the event loop has its turn between two."""

COLUMNS = (
    "o.store_id, o.order_id, o.person_id, o.placed_at, o.status, o.reason, o.cancelled, o.revision, o.body_hash,"
    " o.told_hash, o.settle_at, o.settled_at, o.programs, o.pieces, o.currency, o.total_minor, o.refunded_minor,"
    " o.ambassador_id, o.program_id"
)
"""What `OrderRow` is read from."""
_PRESENT = COLUMNS.replace("o.person_id", "coalesce(m.into_id, o.person_id) as person_id")
_BY_ID = f"""
select {_PRESENT} from orders o
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on o.store_id = w.s and o.order_id = w.id
left join person_merges m on m.store_id = o.store_id and m.person_id = o.person_id
"""  # noqa: S608  # the columns are ours
_BY_PERSON = f"""
select {_PRESENT.replace("coalesce(m.into_id, o.person_id)", "w.id")} from (
    select s, id, id as was from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
    union all
    select s, id, m.person_id from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
    join person_merges m on m.store_id = w.s and m.into_id = w.id
) w join orders o on o.store_id = w.s and o.person_id = w.was
"""  # noqa: S608
_MORE_THAN = """
select count(*) > :most from (
    select 1 from (
        select cast(:person as text) as was
        union all
        select person_id from person_merges where store_id = :store and into_id = :person
    ) w join orders o on o.store_id = :store and o.person_id = w.was
    limit :most + 1
) found
"""
_REPORTED = f"""
select {_PRESENT}, u.store_id as waiting_store, u.order_id as waiting_order, u.person_id as waiting_person
from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
left join orders o on o.store_id = w.s and o.order_id = w.id
left join person_merges m on m.store_id = o.store_id and m.person_id = o.person_id
left join undecided u on u.store_id = w.s and u.order_id = w.id
where o.store_id is not null or u.store_id is not null
"""  # noqa: S608
_OPEN_SINCE = f"""
select {COLUMNS} from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]),
                             cast(:ids as text[])) w (s, p, at, id)
cross join lateral (
    select * from orders where store_id = w.s and person_id = w.p and settled_at is null
      and (placed_at, order_id) >= (w.at, w.id)
    order by placed_at, order_id limit :most
) o
"""  # noqa: S608
_SUMMED_UP = """
select w.s as store_id, w.p as person_id, count(*)::int as standing,
       (array_agg(o.order_id order by o.placed_at, o.order_id))[1] as first,
       (array_agg(o.revision order by o.placed_at, o.order_id))[1] as first_revision,
       (array_agg(o.order_id order by o.placed_at desc, o.order_id desc))[1] as last,
       (array_agg(o.revision order by o.placed_at desc, o.order_id desc))[1] as last_revision
"""
_WON = "case when o.status = 'attributed' and o.ambassador_id is not null then o.program_id end"
# An order that is not paid waits for that first of all.
_AHEAD = f"""
{_SUMMED_UP}
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:ats as timestamptz[]), cast(:ids as text[]))
     w (s, p, at, id)
join orders o on o.store_id = w.s and o.person_id = w.p and (o.placed_at, o.order_id) < (w.at, w.id)
where o.settled_at is null and not o.cancelled and not (o.status = 'pending' and o.reason = 'unpaid')
group by 1, 2, {_WON}
"""
_IN_BACKLOG = """exists (
    select from backlogs b where b.store_id = orders.store_id and b.person_id = orders.person_id
      and (orders.placed_at, orders.order_id) >= (b.since_at, b.since_order)
)"""
_DUE = f"""
select {COLUMNS} from unnest(cast(:stores as text[])) w (s)
cross join lateral (
    select * from orders where store_id = w.s and settled_at is null and settle_at <= :now and not {_IN_BACKLOG}
    order by settle_at, order_id limit :count
) o
"""  # noqa: S608
_UNSEEN_BESIDE = """
select distinct o.store_id, o.person_id
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:untils as timestamptz[])) w (s, p, until)
join orders o on o.store_id = w.s and o.person_id = w.p and o.placed_at <= w.until and o.settled_at is null
join order_facts f on f.store_id = o.store_id and f.order_id = o.order_id
where f.seq is null
"""
_OPEN_BESIDE = """
select w.s as store_id, w.p as person_id
from unnest(cast(:stores as text[]), cast(:people as text[]), cast(:untils as timestamptz[])) w (s, p, until)
where exists (
    select from orders o
    where o.store_id = w.s and o.person_id = w.p and o.placed_at <= w.until and o.settled_at is null
)
"""
_NEXT_DUE = f"""
select w.s as store_id, (
    select settle_at from orders where store_id = w.s and settled_at is null and settle_at is not null
      and not {_IN_BACKLOG} order by settle_at limit 1
) as at from unnest(cast(:stores as text[])) w (s)
"""  # noqa: S608
_DECIDE = """
insert into decisions (store_id, order_id, revision, as_of, engine, decided_at, body)
select s, o, r, a, :engine, :now, b
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:revisions as int[]), cast(:as_ofs as bigint[]),
            cast(:bodies as bytea[])) w (s, o, r, a, b)
order by 1, 2
"""
# Arrays of arrays do not unnest side by side: lists travel as text, a unit separator between their items. Once an order
# has settled it stays with the person that it had: marks among settled orders go by that.
_PUT = """
insert into orders (store_id, order_id, person_id, placed_at, status, reason, cancelled, revision, body_hash, told_hash,
                    settle_at, settled_at, programs, pieces, currency, total_minor, refunded_minor, ambassador_id,
                    program_id)
select store_id, order_id, person_id, placed_at, status, reason, cancelled, revision, body_hash, told_hash,
       settle_at, settled_at, string_to_array(programs, e'\\x1f'), string_to_array(pieces, e'\\x1f'), currency,
       total_minor, refunded_minor, ambassador_id, program_id
from unnest(cast(:store_id as text[]), cast(:order_id as text[]), cast(:person_id as text[]),
            cast(:placed_at as timestamptz[]), cast(:status as text[]), cast(:reason as text[]),
            cast(:cancelled as boolean[]), cast(:revision as int[]), cast(:body_hash as bytea[]),
            cast(:told_hash as bytea[]), cast(:settle_at as timestamptz[]), cast(:settled_at as timestamptz[]),
            cast(:programs as text[]), cast(:pieces as text[]), cast(:currency as text[]),
            cast(:total_minor as bigint[]), cast(:refunded_minor as bigint[]), cast(:ambassador_id as text[]),
            cast(:program_id as text[]))
     as w (store_id, order_id, person_id, placed_at, status, reason, cancelled, revision, body_hash, told_hash,
           settle_at, settled_at, programs, pieces, currency, total_minor, refunded_minor, ambassador_id,
           program_id)
order by 1, 2
on conflict (store_id, order_id) do update set
    person_id = case when orders.settled_at is null then excluded.person_id else orders.person_id end,
    placed_at = excluded.placed_at, status = excluded.status, reason = excluded.reason,
    cancelled = excluded.cancelled, revision = excluded.revision, body_hash = excluded.body_hash,
    told_hash = excluded.told_hash, settle_at = excluded.settle_at, settled_at = excluded.settled_at,
    programs = excluded.programs, pieces = excluded.pieces, currency = excluded.currency,
    total_minor = excluded.total_minor, refunded_minor = excluded.refunded_minor,
    ambassador_id = excluded.ambassador_id, program_id = excluded.program_id
"""
_ADVANCE = """
update head h set seq = w.seq from unnest(cast(:stores as text[]), cast(:seqs as bigint[])) w (s, seq)
where h.store_id = w.s and h.seq < w.seq
"""


class OrderRow(Struct, frozen=True):
    """The current state of an order."""

    store_id: str
    order_id: str
    person_id: str
    placed_at: datetime
    status: str
    reason: str
    cancelled: bool
    revision: int
    body_hash: bytes
    told_hash: bytes | None
    settle_at: datetime | None
    settled_at: datetime | None
    programs: Sequence[str]
    pieces: Sequence[str]
    currency: str
    total_minor: int
    refunded_minor: int
    ambassador_id: str | None
    program_id: str | None


class Ahead(Struct, frozen=True):
    """Standing orders of a person that one program won, or none: how many, the first and the last by place, each
    with its newest revision.
    """

    store_id: str
    person_id: str
    standing: int
    first: str
    first_revision: int
    last: str
    last_revision: int


class Revision(Struct, frozen=True):
    """One decision to keep."""

    store_id: str
    order_id: str
    revision: int
    as_of: int
    body: bytes


async def by_id(tx: Tx, orders: Iterable[Ref]) -> dict[Ref, OrderRow]:
    """Current states by (store, order)."""
    return await _read(tx, _BY_ID, orders)


async def by_person(tx: Tx, people: Iterable[Ref]) -> dict[Ref, OrderRow]:
    """Current states of all orders of these people, by (store, order)."""
    return await _read(tx, _BY_PERSON, people)


async def has_more_than(tx: Tx, person: Ref, most: int) -> bool:
    """Whether somebody has more orders than that. Reads no more of them."""
    store_id, person_id = person
    return bool(await tx.scalar(_MORE_THAN, store=store_id, person=person_id, most=most))


async def reported(tx: Tx, orders: Iterable[Ref]) -> tuple[dict[Ref, OrderRow], dict[Ref, str]]:
    """Current states by (store, order), and the person of each order that waits to be decided as it was reported."""
    wanted = sorted(set(orders))
    if not wanted:
        return {}, {}
    rows: dict[Ref, OrderRow] = {}
    waiting: dict[Ref, str] = {}
    for row in await tx.all(_REPORTED, stores=[s for s, _ in wanted], ids=[i for _, i in wanted]):
        *fields, store_id, order_id, person_id = tuple(row)
        if fields[0] is not None:
            rows[row.store_id, row.order_id] = OrderRow(*fields)
        if store_id is not None:
            waiting[store_id, order_id] = person_id
    return rows, waiting


async def open_since(tx: Tx, places: Mapping[Ref, Place], *, most: int) -> dict[Ref, OrderRow]:
    """Current states of open orders: of each person the first `most` of those at a place or behind."""
    rows = await tx.all(_OPEN_SINCE, **places_of(places), most=most) if places else ()
    return {(row.store_id, row.order_id): OrderRow(*tuple(row)) for row in rows}


async def ahead(tx: Tx, places: Mapping[Ref, Place]) -> list[Ahead]:
    """What stands open of each person before a place: one for each program that won some, and one for the rest."""
    return [Ahead(*tuple(row)) for row in await tx.all(_AHEAD, **places_of(places))] if places else []


async def due(tx: Tx, stores: Sequence[str], *, now: datetime, count: int) -> list[OrderRow]:
    """Up to `count` orders of each store whose moment to settle has come, the oldest first. Those in a backlog wait."""
    return [OrderRow(*tuple(row)) for row in await tx.all(_DUE, stores=list(stores), now=now, count=count)]


async def with_unseen_facts(tx: Tx, rows: Iterable[OrderRow]) -> set[Ref]:
    """Those of these orders' people of whom an open order, placed before or together with them, has facts that were
    acknowledged and that no decision knows.
    """
    return await _beside(tx, _UNSEEN_BESIDE, rows)


async def with_open_orders(tx: Tx, rows: Iterable[OrderRow]) -> set[Ref]:
    """Those of these orders' people who have an open order that was placed before or together with them."""
    return await _beside(tx, _OPEN_BESIDE, rows)


async def _beside(tx: Tx, statement: str, rows: Iterable[OrderRow]) -> set[Ref]:
    until: dict[Ref, datetime] = {}
    for row in rows:
        pair = (row.store_id, row.person_id)
        until[pair] = max(row.placed_at, until.get(pair, row.placed_at))
    if not until:
        return set()
    found = await tx.all(
        statement, stores=[s for s, _ in until], people=[p for _, p in until], untils=list(until.values())
    )
    return {(row.store_id, row.person_id) for row in found}


async def next_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """When each store's next order may settle that is in no backlog; a store without one is left out."""
    return {row.store_id: row.at for row in await tx.all(_NEXT_DUE, stores=list(stores)) if row.at is not None}


async def add_revisions(tx: Tx, revisions: Sequence[Revision], *, engine: str) -> None:
    """Keeps decisions, for ever."""
    for start in range(0, len(revisions), AT_ONCE):
        some = revisions[start : start + AT_ONCE]
        await tx.execute(
            _DECIDE,
            engine=engine,
            now=tx.now,
            stores=[r.store_id for r in some],
            orders=[r.order_id for r in some],
            revisions=[r.revision for r in some],
            as_ofs=[r.as_of for r in some],
            bodies=[pack(r.body) for r in some],
        )


async def put(tx: Tx, rows: Sequence[OrderRow]) -> None:
    """Writes current states."""
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        columns: dict[str, list[object]] = {
            name: [getattr(row, name) for row in some] for name in OrderRow.__struct_fields__
        }
        columns["programs"] = ["\x1f".join(row.programs) for row in some]
        columns["pieces"] = ["\x1f".join(row.pieces) for row in some]
        await tx.execute(_PUT, **columns)


async def advance(tx: Tx, heads: Mapping[str, int]) -> None:
    """Notes the last fact number given in each locked store."""
    if heads:
        await tx.execute(_ADVANCE, stores=list(heads), seqs=list(heads.values()))


def places_of(places: Mapping[Ref, Place]) -> dict[str, list[object]]:
    """Arguments of a statement that asks for a place of each person."""
    return {
        "stores": [store_id for store_id, _ in places],
        "people": [person_id for _, person_id in places],
        "ats": [at for at, _ in places.values()],
        "ids": [order_id for _, order_id in places.values()],
    }


async def _read(tx: Tx, sql: str, pairs: Iterable[Ref]) -> dict[Ref, OrderRow]:
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    rows = await tx.all(sql, stores=[s for s, _ in wanted], ids=[i for _, i in wanted])
    return {(row.store_id, row.order_id): OrderRow(*tuple(row)) for row in rows}
