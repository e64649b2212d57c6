"""Reads decisions and lists of orders for people, replays and counts. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.attribution.decisions.store.orders import COLUMNS, OrderRow
from services.attribution.decisions.store.packed import unpack
from services.attribution.orders import store as orders_store
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
select order_id, revision from decisions
where store_id = :store and (order_id, revision) > (:order, :revision)
order by order_id, revision limit :count
"""
_HISTORY = """
select order_id, revision, as_of, engine, decided_at, body from decisions
where store_id = :store and order_id = :order order by revision desc limit :count
"""
_WANTED = """
where o.store_id = :store
  and (cast(:statuses as text[]) is null or o.status = any(cast(:statuses as text[])))
  and (cast(:reason as text) is null or o.reason = :reason)
  and (cast(:since as timestamptz) is null or o.placed_at >= :since)
  and (cast(:until as timestamptz) is null or o.placed_at < :until)
  and (cast(:ambassador as text) is null or o.ambassador_id = :ambassador)
  and (cast(:program as text) is null or o.program_id = :program)
  and (cast(:head as text) is null or (o.order_id ~>=~ :head and o.order_id ~<~ :head_end)
                                   or (o.tail ~>=~ :tail and o.tail ~<~ :tail_end))
"""
# Operators of bytes, since those of `like` are held back by the stores' policy until every row was looked at.
_BY_NUMBER = """
select * from orders
where store_id = :store and ((order_id ~>=~ :head and order_id ~<~ :head_end)
                             or (tail ~>=~ :tail and tail ~<~ :tail_end))
"""
_FEW = """
select (select count(*) from (select 1 from orders where store_id = :store
            and order_id ~>=~ :head and order_id ~<~ :head_end limit :heads + 1) h) <= :heads
   and (select count(*) from (select 1 from orders where store_id = :store
            and tail ~>=~ :tail and tail ~<~ :tail_end limit :tails + 1) t) <= :tails
"""
_LIST = f"""
select {COLUMNS} from orders o {_WANTED}
  and (cast(:before_at as timestamptz) is null
       or (o.placed_at, o.order_id) < (cast(:before_at as timestamptz), cast(:before_id as text)))
order by o.placed_at desc, o.order_id desc limit :count
"""  # noqa: S608  # the columns are ours
# Not merged with the rest (offset): the newest orders would be walked through until enough of them fit, and an old
# number fits none of a million.
_AMONG_FEW = f"({_BY_NUMBER} offset 0) o"
_SEARCH = _LIST.replace("orders o", _AMONG_FEW, 1)
_TOTALS = f"""
select currency, count(*) as orders, sum(total_minor)::text as total, sum(refunded_minor)::text as refunded from (
    select o.currency, o.total_minor, o.refunded_minor from orders o {_WANTED} limit :most
) counted group by currency order by 2 desc, 1
"""  # noqa: S608
_TOTALS_OF_SEARCH = _TOTALS.replace("orders o", _AMONG_FEW, 1)
_HEADS, _TAILS = 50_000, 2_000
"""So many matches of a number are read before they are put in order: those that begin alike lie side by side, those
that end alike all over the table. More are so common that the newest orders have enough of them."""
_COUNT_BY_STATE = "select status, reason, count(*) as n from orders where store_id = :store group by 1, 2"
_REASONS = """
select distinct reason from (
    select reason from orders where store_id = :store order by placed_at desc, order_id desc limit :newest
) latest order by 1
"""
_ACKNOWLEDGED = """
select count(distinct order_id) from order_facts where store_id = :store and kind = 'report'
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
    union select track_id from tracks where store_id = :store and visitor_id = any(array(
      select told.visitor from unnest(cast(:visitors as text[])) told (visitor)
      where exists (select from ties i
        where i.store_id = :store and i.key = 'v:' || told.visitor and i.order_id = :order)))))
)
select kind, seq, at, body, count(*) over () as of from happened order by at, seq limit :most
"""
_LATE = """
select count(*) from order_facts
where store_id = :store and order_id = :order and kind = 'report'
  and seq > (select seq from order_facts where store_id = :store and order_id = :order and kind = 'settled')
"""
MOST_HAPPENED = 200
_LAST = chr(0x10FFFF)
"""No text of ids sorts after one that begins with it."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which orders a list shows. None: no condition."""

    statuses: Sequence[str] | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ambassador_id: str | None = None
    program_id: str | None = None
    number: str | None = None
    """How the order's number begins or ends."""

    def arguments(self) -> dict[str, object]:
        """For the statements above."""
        head, tail = self.number, self.number[::-1] if self.number else None
        return {
            "statuses": list(self.statuses) if self.statuses else None,
            "reason": self.reason,
            "since": self.since,
            "until": self.until,
            "ambassador": self.ambassador_id,
            "program": self.program_id,
            "head": head,
            "head_end": head + _LAST if head else None,
            "tail": tail,
            "tail_end": tail + _LAST if tail else None,
        }


@dataclass(frozen=True, slots=True)
class Total:
    """What orders of one currency come to, by the figures of the list, in minor units."""

    currency: str
    orders: int
    total_minor: int
    refunded_minor: int


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


async def revisions(tx: Tx, store_id: str, *, after: tuple[str, int], count: int) -> list[tuple[str, int]]:
    """(order, revision) of a slice of all decisions of a store."""
    rows = await tx.all(_REVISIONS, store=store_id, order=after[0], revision=after[1], count=count)
    return [(row.order_id, row.revision) for row in rows]


async def page(
    tx: Tx, store_id: str, wanted: Filter, *, before: tuple[datetime, str] | None, count: int
) -> list[OrderRow]:
    """Orders, the newest first, from below a place in that order."""
    rows = await tx.all(
        _SEARCH if await _few(tx, store_id, wanted) else _LIST,
        store=store_id,
        **wanted.arguments(),
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        count=count,
    )
    return [OrderRow(*tuple(row)) for row in rows]


async def totals(tx: Tx, store_id: str, wanted: Filter, *, most: int) -> list[Total] | None:
    """What the orders of a list come to, by currency; None where there are more than `most`, which are not summed."""
    sql = _TOTALS_OF_SEARCH if await _few(tx, store_id, wanted) else _TOTALS
    rows = await tx.all(sql, store=store_id, **wanted.arguments(), most=most + 1)
    if sum(row.orders for row in rows) > most:
        return None
    return [Total(row.currency, row.orders, int(row.total), int(row.refunded)) for row in rows]


async def _few(tx: Tx, store_id: str, wanted: Filter) -> bool:
    """Whether a number is asked for that few orders have."""
    if wanted.number is None:
        return False
    return bool(await tx.scalar(_FEW, store=store_id, **wanted.arguments(), heads=_HEADS, tails=_TAILS))


async def count_by_state(tx: Tx, store_id: str) -> dict[tuple[str, str], int]:
    """How many orders have each status and reason."""
    return {(row.status, row.reason): row.n for row in await tx.all(_COUNT_BY_STATE, store=store_id)}


async def reasons(tx: Tx, store_id: str, *, newest: int = 2000) -> list[str]:
    """Reasons that occur among a store's newest orders, for a filter to offer."""
    return [row.reason for row in await tx.all(_REASONS, store=store_id, newest=newest)]


async def count_acknowledged(tx: Tx, store_id: str) -> int:
    """Orders that were acknowledged to their senders."""
    return int(await tx.scalar(_ACKNOWLEDGED, store=store_id) or 0)


async def undecided(tx: Tx, store_id: str) -> set[str]:
    """Orders that were acknowledged and that no decision exists for yet."""
    return {row.order_id for row in await tx.all(_UNDECIDED, store=store_id)}


async def happened(tx: Tx, store_id: str, order_id: str, person_id: str) -> tuple[list[Happened], int]:
    """What was told of an order and seen of its friend, the oldest first, at most `MOST_HAPPENED`; and of how many.
    Facts not yet seen are left out.
    """
    told = await orders_store.reports(tx, store_id, order_id)
    visitors = sorted({report.visitor_id for report in told if report.visitor_id is not None})
    rows = await tx.all(
        _HAPPENED, store=store_id, order=order_id, person=person_id, visitors=visitors, most=MOST_HAPPENED
    )
    found = [Happened(row.kind, row.seq, row.at, orders_store.unpack(bytes(row.body))) for row in rows]
    return found, rows[0].of if rows else 0


async def late_reports(tx: Tx, store_id: str, order_id: str) -> int:
    """How many reports of an order came after it had settled."""
    return int(await tx.scalar(_LATE, store=store_id, order=order_id))


async def store_slice(tx: Tx, store_id: str) -> StoreSlice | None:
    """The store, as far as it has reached this service."""
    row = await tx.one_or_none(_STORE, store=store_id)
    return StoreSlice(*tuple(row)) if row else None
