"""Rows of orders of which somebody was notified: the newest decision that was received, and whose the order was
last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.kernel.db import Tx
from services.kernel.revisions import Ref

_KNOWN = """
select o.store_id, o.order_id, o.revision, o.ambassador_id
from unnest(cast(:stores as text[]), cast(:orders as text[])) as t(s, b)
join notice_orders o on o.store_id = t.s and o.order_id = t.b
"""
_PUT = """
insert into notice_orders (store_id, order_id, revision, ambassador_id)
select * from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:revisions as int[]),
  cast(:people as text[])) order by 1, 2
on conflict (store_id, order_id) do update set revision = excluded.revision,
  ambassador_id = coalesce(excluded.ambassador_id, notice_orders.ambassador_id)
where notice_orders.revision < excluded.revision
"""


@dataclass(frozen=True, slots=True)
class KnownDecision:
    """A decision: its revision, and whose the order is; of one that is nobody's, whose it was last."""

    revision: int
    ambassador_id: str | None


async def known(tx: Tx, orders: Iterable[Ref]) -> dict[Ref, KnownDecision]:
    """What was received of these orders."""
    wanted = list(orders)
    rows = await tx.all(_KNOWN, stores=[store for store, _ in wanted], orders=[order for _, order in wanted])
    return {(row.store_id, row.order_id): KnownDecision(row.revision, row.ambassador_id) for row in rows}


async def put(tx: Tx, decisions: Mapping[Ref, KnownDecision]) -> None:
    """Keeps what was received."""
    if decisions:
        await tx.execute(
            _PUT,
            stores=[store for store, _ in decisions],
            orders=[order for _, order in decisions],
            revisions=[one.revision for one in decisions.values()],
            people=[one.ambassador_id for one in decisions.values()],
        )
