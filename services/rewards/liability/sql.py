"""SQL of what is owed by age. Reads what was granted in the last 90 days, and totals that are kept; nothing older."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.kernel.db import Tx

_YOUNG = """
with granted as (
  select distinct reward_id from posting_sets
  where store_id = :store and number > :after and movement = 'grant'
), young as (
  select r.side, r.unit, coalesce(h.customer_id, r.beneficiary_id) as holder, r.released_at is not null as released,
    coalesce(sum(r.target_minor) filter (where r.granted_at >= :first), 0)::bigint as first,
    coalesce(sum(r.target_minor) filter (where r.granted_at < :first and r.granted_at >= :second), 0)::bigint as second,
    coalesce(sum(r.target_minor) filter (where r.granted_at < :second and r.granted_at >= :third), 0)::bigint as third
  from granted g join rewards r on r.store_id = :store and r.reward_id = g.reward_id
  left join contact_holders h on r.side = 'friend' and h.store_id = r.store_id and h.contact = r.beneficiary_id
  where r.target_minor > 0
  group by 1, 2, 3, 4
)
select y.side, y.unit, y.released, y.first, y.second, y.third, b.available, b.in_payout, b.reserved
from young y join balances b
  on b.store_id = :store and b.owner = y.holder and b.side = y.side and b.unit = y.unit
"""
_OVERDRAWN = """
select side, unit, (-sum(available))::bigint as amount from balances
where store_id = :store and available < 0 group by side, unit
"""


async def young(tx: Tx, store_id: str, *, after: int, edges: tuple[datetime, datetime, datetime]) -> list[Any]:
    """Of everybody who was granted something behind set `after`: how much in each of the younger buckets that is still
    on hold, or was released, beside what they have now.
    """
    first, second, third = edges
    return list(await tx.all(_YOUNG, store=store_id, after=after, first=first, second=second, third=third))


async def overdrawn(tx: Tx, store_id: str) -> Mapping[tuple[str, str], int]:
    """How far balances are below zero, by (side, unit)."""
    return {(row.side, row.unit): row.amount for row in await tx.all(_OVERDRAWN, store=store_id)}
