"""How far targets are, and what bonuses there are for them."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo

from services.kernel.db import Tx
from services.rewards.grants.domain.plan_targets import source_of
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.plan_targets import sql
from services.rewards.plan_targets.domain import SHOWN_AFTER, Target
from services.rewards.plan_targets.sql import Kept
from services.rewards.slices import sql as slices

_LONGEST = timedelta(days=366)
"""No period is longer."""


async def shown(tx: Tx, store_id: str, kept: Sequence[Kept]) -> list[Target]:
    """Targets with their bonuses, in the order given."""
    if not kept:
        return []
    sources = {one.key: source_of(one.key) for one in kept}
    found = await rewards_sql.of_sources(tx, "period", {(store_id, source) for source in sources.values()})
    rewards = {reward.source_id: reward for reward in found}
    programs = await slices.newest_of(tx, {(store_id, one.key.program_id) for one in kept})
    targets = []
    for one in kept:
        known = programs.get((store_id, one.key.program_id))
        target = Target(one.key, one.target, one.so_far, known[1].currency if known else "", one.set_at)
        reward = rewards.get(sources[one.key])
        if reward is not None:
            target = target._replace(
                reward_id=reward.reward_id,
                bonus=reward.target_minor,
                unit=reward.unit,
                available_at=reward.available_at,
                currency=reward.currency,
            )
        targets.append(target)
    return targets


async def of_ambassador(tx: Tx, store_id: str, ambassador_id: str, *, zone: tzinfo) -> list[Target]:
    """An ambassador's targets of the periods that are running, and of those that ended not long ago."""
    today = tx.now.astimezone(zone).date()
    kept = await sql.running(tx, store_id, ambassador_id, since=today - SHOWN_AFTER - _LONGEST, today=today)
    return await shown(tx, store_id, [one for one in kept if one.key.period.after > today - SHOWN_AFTER])
