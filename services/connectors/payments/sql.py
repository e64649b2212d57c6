"""Reads and writes which order a payment paid."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.connectors.platforms.domain.port import Payment
from services.kernel.db import Tx
from services.kernel.revisions import Ref

_LOCK = """
select pg_advisory_xact_lock(hashtextextended('kith.payments.' || w.s || '.' || w.p, 0))
from (select s, p from unnest(cast(:stores as text[]), cast(:payments as text[])) u (s, p) order by 1, 2) w
"""
# A payment that is told to have paid two orders paid the first that was told: its refunds do not say of which they are.
_ADD = """
insert into payments (store_id, payment_id, order_id, noted_at)
select w.s, w.p, w.o, :at
from unnest(cast(:stores as text[]), cast(:payments as text[]), cast(:orders as text[])) w (s, p, o)
order by 1, 2 on conflict do nothing returning store_id, payment_id
"""
_ORDERS = """
select p.store_id, p.payment_id, p.order_id from payments p
join unnest(cast(:stores as text[]), cast(:payments as text[])) w (s, p) on p.store_id = w.s and p.payment_id = w.p
"""
_FORGET = "delete from payments where store_id = any(cast(:stores as text[])) and noted_at <= :before"
_OLDEST = """
select store_id, min(noted_at) as at from payments where store_id = any(cast(:stores as text[])) group by 1
"""


async def lock(tx: Tx, payments: Collection[Ref]) -> None:
    """Holds these payments until the transaction's end."""
    await tx.all(_LOCK, **_columns(payments))


async def add(tx: Tx, told: Sequence[tuple[str, Payment]], *, at: datetime) -> set[Ref]:
    """Notes which orders were paid, each with its store; returns the payments of which nobody had told."""
    rows = await tx.all(
        _ADD,
        stores=[store_id for store_id, _ in told],
        payments=[payment.payment_id for _, payment in told],
        orders=[payment.order_id for _, payment in told],
        at=at,
    )
    return {(row.store_id, row.payment_id) for row in rows}


async def orders(tx: Tx, payments: Collection[Ref]) -> dict[Ref, str]:
    """The order that each of these payments paid, as far as somebody told."""
    rows = await tx.all(_ORDERS, **_columns(payments))
    return {(row.store_id, row.payment_id): row.order_id for row in rows}


async def forget(tx: Tx, stores: Sequence[str], *, before: datetime) -> dict[str, datetime]:
    """Drops what was noted before a moment; returns when the oldest one left of each store was."""
    await tx.execute(_FORGET, stores=list(stores), before=before)
    return {row.store_id: row.at for row in await tx.all(_OLDEST, stores=list(stores))}


def _columns(payments: Collection[Ref]) -> dict[str, list[str]]:
    ordered = sorted(payments)
    return {"stores": [store_id for store_id, _ in ordered], "payments": [payment_id for _, payment_id in ordered]}
