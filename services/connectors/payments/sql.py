"""Reads and writes which order a payment paid, and in which form refunds are reported."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.connectors.platforms.domain.port import Form, Payment
from services.kernel.db import Tx
from services.kernel.revisions import Ref

_LOCK = """
select pg_advisory_xact_lock(hashtextextended('kith.payments.' || w.s || '.' || w.p, 0))
from (select s, p from unnest(cast(:stores as text[]), cast(:payments as text[])) u (s, p) order by 1, 2) w
"""
# A payment that is reported as of two orders paid the first of them: its refunds do not say of which they are.
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
_ADD_FORMS = """
insert into refund_forms (store_id, order_id, form, noted_at)
select w.s, w.o, w.f, :at
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:forms as text[])) w (s, o, f)
order by 1, 2 on conflict do nothing
"""
_FORMS = """
select r.store_id, r.order_id, r.form from refund_forms r
join unnest(cast(:stores as text[]), cast(:orders as text[])) w (s, o) on r.store_id = w.s and r.order_id = w.o
"""
_FORGET = """
with forms as (
  delete from refund_forms where store_id = any(cast(:stores as text[])) and noted_at <= :before
)
delete from payments where store_id = any(cast(:stores as text[])) and noted_at <= :before
"""
_OLDEST = """
select store_id, min(noted_at) as at from (
  select store_id, noted_at from payments where store_id = any(cast(:stores as text[]))
  union all
  select store_id, noted_at from refund_forms where store_id = any(cast(:stores as text[]))
) w group by 1
"""


async def lock(tx: Tx, payments: Collection[Ref]) -> None:
    """Holds these payments until the transaction's end."""
    await tx.all(_LOCK, **_columns(payments))


async def add(tx: Tx, paid: Sequence[tuple[str, Payment]], *, at: datetime) -> set[Ref]:
    """Notes which orders were paid, each with its store; returns the payments that nobody had reported."""
    rows = await tx.all(
        _ADD,
        stores=[store_id for store_id, _ in paid],
        payments=[payment.payment_id for _, payment in paid],
        orders=[payment.order_id for _, payment in paid],
        at=at,
    )
    return {(row.store_id, row.payment_id) for row in rows}


async def orders(tx: Tx, payments: Collection[Ref]) -> dict[Ref, str]:
    """The order that each of these payments paid, as far as somebody reported it."""
    rows = await tx.all(_ORDERS, **_columns(payments))
    return {(row.store_id, row.payment_id): row.order_id for row in rows}


async def add_forms(tx: Tx, by_order: Mapping[Ref, Form]) -> None:
    """Notes in which form refunds of orders were reported, of those of which none was noted."""
    names = sorted(by_order)
    await tx.execute(
        _ADD_FORMS,
        stores=[store_id for store_id, _ in names],
        orders=[order_id for _, order_id in names],
        forms=[by_order[ref] for ref in names],
        at=tx.now,
    )


async def forms(tx: Tx, orders: Collection[Ref]) -> dict[Ref, Form]:
    """In which form refunds of these orders were reported first."""
    names = sorted(orders)
    stores, ids = [store_id for store_id, _ in names], [order_id for _, order_id in names]
    return {(row.store_id, row.order_id): row.form for row in await tx.all(_FORMS, stores=stores, orders=ids)}


async def forget(tx: Tx, stores: Sequence[str], *, before: datetime) -> dict[str, datetime]:
    """Drops what was noted before a moment; returns when the oldest one left of each store was."""
    await tx.execute(_FORGET, stores=list(stores), before=before)
    return {row.store_id: row.at for row in await tx.all(_OLDEST, stores=list(stores))}


def _columns(payments: Collection[Ref]) -> dict[str, list[str]]:
    ordered = sorted(payments)
    return {"stores": [store_id for store_id, _ in ordered], "payments": [payment_id for _, payment_id in ordered]}
