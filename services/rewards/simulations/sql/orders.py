"""SQL of a period's orders: how many there are, and part after part with what was granted for each."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.kernel.db import Tx
from services.rewards.grants.sql.conversions import read

_UNDATED = """
select store_id, order_id, body, data from conversions
where store_id = :store and program_id = :program and placed_at is null
order by order_id limit :count for update skip locked
"""

_DATE = """
update conversions c set placed_at = w.placed_at
from unnest(cast(:orders as text[]), cast(:placed as timestamptz[])) w(order_id, placed_at)
where c.store_id = :store and c.order_id = w.order_id
"""

_COUNT = """
select count(*) from conversions
where store_id = :store and program_id = :program and placed_at >= :from_at and placed_at < :to_at
"""

_PART = """
select c.order_id, c.placed_at, c.body, c.data, g.granted, g.refused, m.held from (
  select order_id, placed_at, body, data from conversions
  where store_id = :store and program_id = :program and placed_at >= :from_at and placed_at < :to_at
    and (placed_at, order_id) > (:after_at, :after_order)
  order by placed_at, order_id limit :count
) c
cross join lateral (
  select cast(json_agg(json_build_array(r.rule, r.side, r.ambassador_id, r.unit, r.target_minor,
      r.tier, r.multiplier, r.sponsor_active) order by r.reward_id) as text) as granted,
    coalesce(bool_or(r.rejected_at is not null), false) as refused
  from rewards r where r.store_id = :store and r.order_id = c.order_id and r.program_id = :program
    and r.source_kind = 'order'
) g
left join membership_orders m on m.store_id = :store and m.order_id = c.order_id
order by c.placed_at, c.order_id
"""


class Found(NamedTuple):
    """An order as it is kept, with the rewards that it has, as JSON, and whether a person refused one of them."""

    order_id: str
    placed_at: datetime
    body: bytes | None
    data: str | None
    granted: str | None
    refused: bool
    held: tuple[str, ...] | None
    """Memberships of its ambassador at the purchase; None where no rule asked."""


async def date_some(tx: Tx, store_id: str, program_id: str, *, count: int) -> int:
    """Writes down when orders from before there was a simulator were placed, at most `count`; returns how many. Those
    that somebody is changing get it from them.
    """
    rows = await tx.all(_UNDATED, store=store_id, program=program_id, count=count)
    if rows:
        await tx.execute(
            _DATE,
            store=store_id,
            orders=[row.order_id for row in rows],
            placed=[read(row.body, row.data).placed_at for row in rows],
        )
    return len(rows)


async def count(tx: Tx, store_id: str, program_id: str, *, from_at: datetime, to_at: datetime) -> int:
    """How many orders the program had in a period."""
    return int(await tx.scalar(_COUNT, store=store_id, program=program_id, from_at=from_at, to_at=to_at))


async def part(
    tx: Tx,
    store_id: str,
    program_id: str,
    *,
    from_at: datetime,
    to_at: datetime,
    after: tuple[datetime, str] | None,
    count: int,
) -> Sequence[Found]:
    """Orders of a period behind a place in it, in the order in which they were placed, at most `count`."""
    after_at, after_order = after or (from_at, "")
    rows = await tx.all(
        _PART,
        store=store_id,
        program=program_id,
        from_at=from_at,
        to_at=to_at,
        after_at=after_at,
        after_order=after_order,
        count=count,
    )
    return [Found(**{**row._asdict(), "held": None if row.held is None else tuple(row.held)}) for row in rows]
