"""Facts about orders: kept under their own key, stamped once, read by order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from contracts.events.orders import OrderAmended, OrderReported
from services.kernel.db import Tx

FactKind = Literal["report", "refund", "cancel", "use", "settled"]

# The second part sees what was there before the third. Told is what was not new, which is little.
_INSERT = """
with told as (
  select * from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:facts as text[]), cast(:kinds as text[]),
                       cast(:seqs as bigint[]), cast(:received as timestamptz[]), cast(:bodies as bytea[]))
                t (store_id, order_id, fact_id, kind, seq, received_at, body)
), known as (
  select distinct f.store_id, f.order_id from order_facts f
  join told t on t.kind = 'report' and f.store_id = t.store_id and f.order_id = t.order_id
  where f.kind = 'report'
), new as (
  insert into order_facts (store_id, order_id, fact_id, kind, seq, received_at, body)
  select * from told order by 1, 2, 3 on conflict do nothing returning store_id, order_id, fact_id
)
(select store_id, order_id, fact_id from told except select store_id, order_id, fact_id from new)
union all select store_id, order_id, null from known
"""
_STAMP = """
update order_facts f set seq = w.seq
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:facts as text[]), cast(:seqs as bigint[]))
     w (s, o, f, seq)
where f.store_id = w.s and f.order_id = w.o and f.fact_id = w.f and f.seq is null
returning f.store_id, f.order_id, f.fact_id, f.kind, f.seq, f.received_at, f.body
"""
_OF_ORDERS = """
select f.store_id, f.order_id, f.fact_id, f.kind, f.seq, f.received_at, f.body from order_facts f
join unnest(cast(:stores as text[]), cast(:orders as text[])) w (s, o) on f.store_id = w.s and f.order_id = w.o
where f.seq <= :as_of
"""
_UNSEEN = """
select distinct f.store_id, f.order_id from order_facts f
join unnest(cast(:stores as text[]), cast(:orders as text[])) w (s, o) on f.store_id = w.s and f.order_id = w.o
where f.seq is null
"""

_REPORTS = """
select body from order_facts where store_id = :store and order_id = :order and kind = 'report'
order by received_at, fact_id
"""

Key = tuple[str, str, str]
"""Store, order, fact."""


class StoredFact(NamedTuple):
    """One row. `seq` None: the consumer has not seen it."""

    store_id: str
    order_id: str
    fact_id: str
    kind: FactKind
    seq: int | None
    received_at: datetime
    body: bytes

    @property
    def key(self) -> Key:
        """What makes it unique."""
        return self.store_id, self.order_id, self.fact_id


async def insert(tx: Tx, facts: Sequence[StoredFact]) -> tuple[set[Key], set[tuple[str, str]]]:
    """Keeps facts. Returns the keys of those that were not there, of equal keys in one call the first's; and of these
    reports' orders (store, order) those that were reported before.
    """
    distinct = {fact.key: fact for fact in reversed(facts)}
    if not distinct:
        return set(), set()
    stores, orders, ids, kinds, seqs, received, bodies = map(list, zip(*distinct.values(), strict=True))
    rows = await tx.all(
        _INSERT, stores=stores, orders=orders, facts=ids, kinds=kinds, seqs=seqs, received=received, bodies=bodies
    )
    new = set(distinct)
    known: set[tuple[str, str]] = set()
    for row in rows:
        if row.fact_id is None:
            known.add((row.store_id, row.order_id))
        else:
            new.discard((row.store_id, row.order_id, row.fact_id))
    return new, known


async def stamp(tx: Tx, numbered: Sequence[tuple[Key, int]]) -> list[StoredFact]:
    """Gives unseen facts their number; returns these facts. What has a number keeps it and is not returned."""
    if not numbered:
        return []
    rows = await tx.all(
        _STAMP,
        stores=[key[0] for key, _ in numbered],
        orders=[key[1] for key, _ in numbered],
        facts=[key[2] for key, _ in numbered],
        seqs=[seq for _, seq in numbered],
    )
    return [StoredFact(*tuple(row)) for row in rows]


async def of_orders(tx: Tx, orders: Iterable[tuple[str, str]], *, as_of: int) -> list[StoredFact]:
    """Everything known about these orders up to a fact number; unseen facts are not known."""
    pairs = sorted(set(orders))
    if not pairs:
        return []
    rows = await tx.all(_OF_ORDERS, stores=[s for s, _ in pairs], orders=[o for _, o in pairs], as_of=as_of)
    return [StoredFact(*tuple(row)) for row in rows]


async def with_unseen_facts(tx: Tx, orders: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Orders that have acknowledged facts which the consumer has not reached."""
    pairs = sorted(set(orders))
    if not pairs:
        return set()
    rows = await tx.all(_UNSEEN, stores=[s for s, _ in pairs], orders=[o for _, o in pairs])
    return {(row.store_id, row.order_id) for row in rows}


async def reports(tx: Tx, store_id: str, order_id: str) -> list[OrderReported]:
    """Every report of an order, seen or not, in the order of receipt."""
    rows = await tx.all(_REPORTS, store=store_id, order=order_id)
    return [OrderAmended.model_validate_json(bytes(row.body), extra="ignore") for row in rows]
