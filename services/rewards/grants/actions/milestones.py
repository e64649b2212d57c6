"""Milestones follow settled orders: what each counts as is kept, counters move by the difference, and the steps that
they pass are granted or taken back. What an event costs does not grow with what was counted before.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from contracts.program import Program
from services.kernel.db import Tx
from services.rewards.grants.actions.moments import moment_in
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.milestones import (
    Goal,
    GoalKey,
    counted,
    differences,
    friends_of,
    plan_steps,
    source_of,
    terms_of,
)
from services.rewards.grants.domain.reward import Change
from services.rewards.grants.sql import counters
from services.rewards.grants.sql import milestones as sql
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices


async def recount(tx: Tx, orders: Sequence[tuple[Order, Program | None]]) -> list[Change]:
    """Counts orders as they are now, with the versions that they are under, and returns how rewards of milestones
    change by that. Nothing of these changes is written yet. The orders' stores must be locked.

    An order that has not settled has never counted: only a settled one can have moved.
    """
    settled = [(order, program) for order, program in orders if order.settled_at is not None]
    if not settled:
        return []
    before = await sql.of_orders(tx, [(order.store_id, order.order_id) for order, _ in settled])
    after = {one.ref: one for order, program in settled if (one := counted(order, program)) is not None}
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
    stand = await sql.move(tx, moved)
    passed = {
        key: (count - moved[key], count)
        for key, count in stand.items()
        if Goal.read(key.goal).between(count - moved[key], count)
    }
    return await _steps(tx, passed, settled) if passed else []


async def _steps(
    tx: Tx, passed: dict[GoalKey, tuple[int, int]], settled: Sequence[tuple[Order, Program | None]]
) -> list[Change]:
    sources = [
        (key.store_id, source_of(key, step))
        for key, counts in passed.items()
        for step in Goal.read(key.goal).between(*counts)
    ]
    rewards = {(r.store_id, r.source_id): r for r in await rewards_sql.of_sources(tx, "period", sources)}
    programs = {(key.store_id, key.program_id) for key in passed}
    caps = Caps(budgets=await slices.budgets(tx, programs))
    if caps.budgets:
        caps.spent.update(await counters.spent(tx, programs))
    zones = await slices.time_zones(tx, {key.store_id for key in passed})
    moments = {store_id: moment_in(tx, ZoneInfo(zone)) for store_id, zone in zones.items()}
    return plan_steps(passed, terms_of(settled), rewards, caps, moments)
