"""SQL of the queue: what waits, how much of it, and what rejecting takes back by the books."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Tx
from services.rewards.grants.domain.reward import Decider, Reward
from services.rewards.grants.sql import rewards as grants

_WAITING = """
select reward_id from rewards r where store_id = :store and waits_for = :whose and target_minor > 0
  and (cast(:since as timestamptz) is null or (waits_since, reward_id) > (:since, :after)) {filters}
order by waits_since, reward_id limit :count
"""
_FILTERS = {
    "why": "and waits_why = :why",
    "ambassador_id": "and ambassador_id = :ambassador_id",
    "program_id": "and program_id = :program_id",
}
_STANDING = """
select waits_for, waits_why, unit, count(*) as rewards, sum(target_minor)::bigint as amount, min(waits_since) as since
from rewards where store_id = :store and waits_for is not null and target_minor > 0
group by waits_for, waits_why, unit order by 1, 2, 3
"""
# The books' own figures: what each account still holds of a reward is what its sets left there.
_HELD = """
select s.reward_id, e.unit,
  coalesce(-sum(e.amount_minor) filter (where e.account in ('ambassador_pending', 'friend_pending')), 0)::bigint
    as pending,
  coalesce(-sum(e.amount_minor) filter (where e.account in ('ambassador_available', 'friend_available')), 0)::bigint
    as available
from posting_sets s
join entries e on e.store_id = s.store_id and e.number = s.number
where s.store_id = :store and s.reward_id = any(cast(:rewards as text[])) and e.account <> 'program_expense'
group by s.reward_id, e.unit
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How much waits, for whom and why, in one unit, and since when the oldest of it does."""

    waits_for: Decider
    why: str
    unit: str
    rewards: int
    amount: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What the books have of a reward: on hold, and available."""

    unit: str
    pending: int
    available: int


async def waiting(
    tx: Tx,
    store_id: str,
    *,
    whose: Decider,
    after: tuple[datetime, str] | None,
    count: int,
    filters: Mapping[str, str],
) -> list[Reward]:
    """Rewards that wait for a person, or for the store's server, the longest waiting first. Filters: see `_FILTERS`."""
    rows = await tx.all(
        _WAITING.format(filters=" ".join(_FILTERS[name] for name in sorted(filters))),
        store=store_id,
        whose=whose,
        since=after[0] if after else None,
        after=after[1] if after else "",
        count=count,
        **filters,
    )
    ids = [row.reward_id for row in rows]
    found = await grants.several(tx, store_id, ids)
    return [found[one] for one in ids]


async def standing(tx: Tx, store_id: str) -> list[Standing]:
    """What waits in a store."""
    return [Standing(*tuple(row)) for row in await tx.all(_STANDING, store=store_id)]


async def held(tx: Tx, store_id: str, rewards: Iterable[str]) -> dict[str, Held]:
    """What the books have of these rewards."""
    rows = await tx.all(_HELD, store=store_id, rewards=sorted(set(rewards)))
    return {row.reward_id: Held(row.unit, row.pending, row.available) for row in rows if row.pending or row.available}
