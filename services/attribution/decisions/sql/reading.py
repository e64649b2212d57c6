"""Reads decisions, what happened and what there is, for people, replays and counts. Writes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.attribution.decisions.sql.packed import unpack
from services.attribution.orders import sql as orders_sql
from services.attribution.tracking.domain import lends
from services.kernel.db import Row, Tx

_DECISION = """
select order_id, revision, as_of, engine, decided_at, body from decisions
where store_id = :store and order_id = :order and (cast(:revision as int) is null or revision = :revision)
order by revision desc limit 1
"""
_SOME = """
select d.store_id, d.order_id, d.engine, d.body from decisions d
join unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:revisions as int[])) w (s, o, r)
  on d.store_id = w.s and d.order_id = w.o and d.revision = w.r
"""
_REVISIONS = """
select order_id, revision, as_of, engine, decided_at, body from decisions
where store_id = :store and (order_id, revision) > (:order, :revision)
order by order_id, revision limit :count
"""
_HISTORY = """
select order_id, revision, as_of, engine, decided_at, body from decisions
where store_id = :store and order_id = :order order by revision desc limit :count
"""
_COUNT_BY_STATE = "select status, reason, count(*) as n from orders where store_id = :store group by 1, 2"
_REASONS = """
select distinct reason from (
    select reason from orders where store_id = :store order by placed_at desc, order_id desc limit :newest
) latest order by 1
"""
_ACKNOWLEDGED = """
select count(distinct order_id) from order_facts where store_id = :store and kind = 'report'
"""
_REPORTED = """
select count(distinct order_id) from order_facts
where store_id = :store and order_id = any(cast(:orders as text[])) and kind = 'report'
"""
_UNDECIDED = """
select distinct f.order_id from order_facts f where f.store_id = :store and f.kind = 'report'
  and not exists (select from orders o where o.store_id = f.store_id and o.order_id = f.order_id)
"""

_HAPPENED = """
with happened as (
select kind, seq, received_at as at, body from order_facts
where store_id = :store and order_id = :order and seq is not null
union all
select t.type, t.seq, t.at, t.body from tracks t
where t.store_id = :store and t.seq is not null and t.track_id = any(array(
    select track_id from tracks where store_id = :store and person_id = :person
    union select track_id from tracks where store_id = :store and visitor_id = any(cast(:visitors as text[]))))
)
select kind, seq, at, body, count(*) over () as of from happened order by at, seq limit :most
"""
_LATE = """
select count(*) from order_facts
where store_id = :store and order_id = :order and kind = 'report'
  and seq > (select seq from order_facts where store_id = :store and order_id = :order and kind = 'settled')
"""
MOST_HAPPENED = 200
_STORE = "select name, timezone, locale, currency from stores where store_id = :store"


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact of an order or of its friend's browser."""

    kind: str
    seq: int
    at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class StoreSlice:
    """What a store is called and how it counts."""

    name: str
    timezone: str
    locale: str
    currency: str


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """One revision as it was kept."""

    order_id: str
    revision: int
    as_of: int
    engine: str
    decided_at: datetime
    body: bytes


def _stored(row: Row) -> StoredDecision:
    return StoredDecision(row.order_id, row.revision, row.as_of, row.engine, row.decided_at, unpack(bytes(row.body)))


async def decision(tx: Tx, store_id: str, order_id: str, revision: int | None = None) -> StoredDecision | None:
    """One revision, the newest unless named."""
    row = await tx.one_or_none(_DECISION, store=store_id, order=order_id, revision=revision)
    return _stored(row) if row else None


async def some(tx: Tx, revisions: Sequence[tuple[str, str, int]]) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Engine and body of decisions, each as (store, order, revision), by (store, order)."""
    rows = await tx.all(
        _SOME,
        stores=[store_id for store_id, _, _ in revisions],
        orders=[order_id for _, order_id, _ in revisions],
        revisions=[revision for _, _, revision in revisions],
    )
    return {(row.store_id, row.order_id): (row.engine, unpack(bytes(row.body))) for row in rows}


async def history(tx: Tx, store_id: str, order_id: str, *, count: int = 50) -> list[StoredDecision]:
    """An order's revisions, the newest first."""
    return [_stored(row) for row in await tx.all(_HISTORY, store=store_id, order=order_id, count=count)]


async def revisions(tx: Tx, store_id: str, *, after: tuple[str, int], count: int) -> list[StoredDecision]:
    """A slice of all decisions of a store, by order and revision."""
    return [
        _stored(row) for row in await tx.all(_REVISIONS, store=store_id, order=after[0], revision=after[1], count=count)
    ]


async def count_by_state(tx: Tx, store_id: str) -> dict[tuple[str, str], int]:
    """How many orders have each status and reason."""
    return {(row.status, row.reason): row.n for row in await tx.all(_COUNT_BY_STATE, store=store_id)}


async def reasons(tx: Tx, store_id: str, *, newest: int = 2000) -> list[str]:
    """Reasons that occur among a store's newest orders, for a filter to offer."""
    return [row.reason for row in await tx.all(_REASONS, store=store_id, newest=newest)]


async def count_acknowledged(tx: Tx, store_id: str) -> int:
    """Orders that were acknowledged to their senders."""
    return int(await tx.scalar(_ACKNOWLEDGED, store=store_id) or 0)


async def count_reported(tx: Tx, store_id: str, orders: Iterable[str]) -> int:
    """Of how many of these orders some report is known."""
    wanted = list(orders)
    return int(await tx.scalar(_REPORTED, store=store_id, orders=wanted)) if wanted else 0


async def undecided(tx: Tx, store_id: str) -> set[str]:
    """Orders that were acknowledged and that no decision exists for yet."""
    return {row.order_id for row in await tx.all(_UNDECIDED, store=store_id)}


async def happened(tx: Tx, store_id: str, order_id: str, person_id: str) -> tuple[list[Happened], int]:
    """What was reported of an order and seen of its friend, the oldest first, at most `MOST_HAPPENED`; and of how many.
    Facts not yet seen are left out.
    """
    reported = await orders_sql.reports(tx, store_id, order_id)
    visitors = sorted({report.visitor_id for report in reported if report.visitor_id and lends(report.visitor_id)})
    rows = await tx.all(
        _HAPPENED, store=store_id, order=order_id, person=person_id, visitors=visitors, most=MOST_HAPPENED
    )
    found = [Happened(row.kind, row.seq, row.at, orders_sql.unpack(bytes(row.body))) for row in rows]
    return found, rows[0].of if rows else 0


async def late_reports(tx: Tx, store_id: str, order_id: str) -> int:
    """How many reports of an order came after it had settled."""
    return int(await tx.scalar(_LATE, store=store_id, order=order_id))


async def store_slice(tx: Tx, store_id: str) -> StoreSlice | None:
    """The store, as far as it has reached this service."""
    row = await tx.one_or_none(_STORE, store=store_id)
    return StoreSlice(*tuple(row)) if row else None
