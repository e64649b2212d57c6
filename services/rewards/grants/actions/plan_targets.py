"""Bonuses follow plans' targets: what each settled order counts as is kept, counters of periods move by the difference,
and the reward for a target is decided again where its count or the target itself moved. What an event costs does not
grow with what was counted before.
"""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from contracts.program import Program
from services.kernel.db import Tx
from services.rewards.grants.actions.moments import moment_in
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan_targets import (
    PlanKey,
    Reached,
    Stand,
    counted,
    decide,
    differences,
    friends_of,
    reached_by,
    source_of,
)
from services.rewards.grants.domain.reward import Change
from services.rewards.grants.sql import counters
from services.rewards.grants.sql import plan_targets as sql
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices


async def recount(
    tx: Tx, orders: Sequence[tuple[Order, Program | None]], zones: Mapping[str, ZoneInfo]
) -> list[Change]:
    """Counts orders as they are now, with the versions that they are under, and returns how rewards for targets change
    by that. Nothing of these changes is written yet. The orders' stores must be locked; `zones` are those of stores
    with orders that earn something.

    An order that has not settled has never counted: only a settled one can have moved.
    """
    settled = [(order, program) for order, program in orders if order.settled_at is not None]
    if not settled:
        return []
    before = await sql.of_orders(tx, [(order.store_id, order.order_id) for order, _ in settled])
    after = {}
    for order, program in settled:
        ref = (order.store_id, order.order_id)
        if (one := counted(order, program, zones.get(order.store_id), before.get(ref))) is not None:
            after[ref] = one
    changed = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
    if not changed:
        return []
    was, now = ([side[ref] for ref in sorted(changed) if ref in side] for side in (before, after))
    friends = friends_of([*was, *now])
    friends_before = await sql.counting(tx, friends)
    await sql.keep(tx, now, dropped=[ref for ref in changed if ref not in after])
    moved = differences(was, now, friends_before, await sql.counting(tx, friends))
    if not moved:
        return []
    reached = reached_by((order for order, _ in settled), after)
    versions = {key: reached[key].version for key in moved if key in reached}
    return await _decide(tx, await sql.move(tx, moved, versions), reached)


async def retarget(tx: Tx, keys: Iterable[PlanKey]) -> list[Change]:
    """How rewards change now that these targets were set, changed or taken away. Nothing of it is written yet. The
    store must be locked.
    """
    return await _decide(tx, await sql.stands(tx, keys), {})


async def _decide(tx: Tx, stands: Mapping[PlanKey, Stand], reached: Mapping[PlanKey, Reached]) -> list[Change]:
    targets = await sql.targets(tx, stands)
    sources = [(key.store_id, source_of(key)) for key in stands]
    rewards = {(r.store_id, r.source_id): r for r in await rewards_sql.of_sources(tx, "period", sources)}
    open_ = {key: stand for key, stand in stands.items() if key in targets or _has(rewards, key)}
    if not open_:
        return []
    programs = {(key.store_id, key.program_id) for key in open_}
    caps = Caps(budgets=await slices.budgets(tx, programs))
    if caps.budgets:
        caps.spent.update(await counters.spent(tx, programs))
    versions = {(key.store_id, key.program_id, stand.version) for key, stand in open_.items()}
    versions |= {(one.store_id, one.program_id, one.program_version) for one in rewards.values()}
    known = await slices.versions(tx, versions)
    zones = await slices.time_zones(tx, {key.store_id for key in open_})
    moments = {
        store_id: (moment_in(tx, zone), zone)
        for store_id, zone in ((one, ZoneInfo(zones.get(one, "UTC"))) for one, _ in programs)
    }
    return decide(open_, targets, reached, rewards, known, caps, moments)


def _has(rewards: Mapping[tuple[str, str], object], key: PlanKey) -> bool:
    return (key.store_id, source_of(key)) in rewards
