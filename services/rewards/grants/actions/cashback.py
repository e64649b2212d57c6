"""Cashback follows settled orders that nobody referred: what each counts as is kept, sums move by the difference, and
rewards follow the sums. What an order costs does not grow with what was bought before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.grants.actions.moments import moment_in
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.cashback import (
    Block,
    InForce,
    SpentKey,
    Standing,
    Terms,
    asks,
    block_after,
    chosen,
    counted,
    differences,
    plan_blocks,
    terms_of,
    times_of,
)
from services.rewards.grants.domain.reward import Change
from services.rewards.grants.sql import cashback as sql
from services.rewards.grants.sql import counters
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.memberships import actions as memberships
from services.rewards.rules.domain import Order
from services.rewards.slices import sql as slices


class _Moved(NamedTuple):
    """How a sum stood and stands, and the blocks between the two."""

    stands: dict[SpentKey, Standing]
    blocks: list[Block]


async def recount(tx: Tx, orders: Sequence[Order]) -> list[Change]:
    """Counts orders as they are now, and returns how rewards of cashback change by that. Nothing of these changes is
    written yet. The orders' stores must be locked.

    An order that has not settled, or that somebody referred, has never counted.
    """
    able = [order for order in orders if order.settled_at is not None and order.unreferred]
    if not able or not (stores := await slices.with_cashback(tx, {order.store_id for order in able})):
        return []
    able = [order for order in able if order.store_id in stores]
    under = await _under(tx, able)
    before = await sql.of_orders(tx, [(order.store_id, order.order_id) for order in able])
    kept = {ref: one for ref, one in before.items() if ref in under and under[ref].program_id == one.program_id}
    held = await _held(tx, [o for o in able if (o.store_id, o.order_id) not in kept], under)
    after = {}
    for order in able:
        ref = (order.store_id, order.order_id)
        if (one := counted(order, under.get(ref), held.get(ref, ()), kept.get(ref))) is not None:
            after[ref] = one
    changed = sorted(ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref))
    if not changed:
        return []
    was, now = ([side[ref] for ref in changed if ref in side] for side in (before, after))
    await sql.keep(tx, now, dropped=[ref for ref in changed if ref not in after])
    moved = differences(was, now)
    if not moved:
        return []
    terms = terms_of((o, under[ref], after[ref]) for o in able if (ref := (o.store_id, o.order_id)) in after)
    return await _regrant(tx, await _move(tx, moved, terms), terms)


async def _held(tx: Tx, orders: Sequence[Order], under: Mapping[Ref, InForce]) -> dict[Ref, tuple[str, ...]]:
    """What buyers held at these purchases, where rules ask."""
    bought = {ref: one.program_id for ref, one in under.items() if asks(one.program)}
    asking = [order for order in orders if (order.store_id, order.order_id) in bought]
    return await memberships.held_by_buyers(tx, asking, bought) if asking else {}


async def _under(tx: Tx, orders: Sequence[Order]) -> dict[Ref, InForce]:
    """The version under which each of these orders counts."""
    placed: dict[Ref, datetime] = {(o.store_id, o.order_id): o.placed_at for o in orders}
    found = await slices.in_force(tx, placed, "cashback")
    programs = await slices.versions(tx, {(ref[0], *version) for ref, some in found.items() for version in some})
    under = {}
    for ref, some in found.items():
        one = chosen(InForce(program, version, programs[ref[0], program, version]) for program, version in some)
        if one is not None:
            under[ref] = one
    return under


async def _move(tx: Tx, moved: dict[SpentKey, int], terms: dict[SpentKey, Terms]) -> _Moved:
    """Moves sums, and finds the blocks between how they stood and how they stand: those that are there, and new ones
    for what was never reached before.
    """
    stands = await sql.move(tx, moved)
    spans = {}
    for key, now in stands.items():
        one, other = times_of(key.goal, now.spent_minor - moved[key]), times_of(key.goal, now.spent_minor)
        if one != other:
            spans[key] = (min(one, other) + 1, max(one, other))
    blocks = await sql.blocks(tx, spans)
    fresh = [block for key in spans if (block := block_after(key, stands[key], terms.get(key))) is not None]
    if fresh:
        await sql.begin(tx, fresh)
    return _Moved(stands, [*blocks, *fresh])


async def _regrant(tx: Tx, moved: _Moved, terms: dict[SpentKey, Terms]) -> list[Change]:
    if not moved.blocks:
        return []
    rewards = {
        (reward.store_id, reward.source_id): reward
        for reward in await rewards_sql.of_sources(tx, "cashback", [block.ref for block in moved.blocks])
    }
    programs = {(block.key.store_id, block.key.program_id) for block in moved.blocks}
    caps = Caps(budgets=await slices.budgets(tx, programs))
    if caps.budgets:
        caps.spent.update(await counters.spent(tx, programs))
    zones = await slices.time_zones(tx, {block.key.store_id for block in moved.blocks})
    moments = {
        block.key.store_id: moment_in(tx, ZoneInfo(zones.get(block.key.store_id, "UTC"))) for block in moved.blocks
    }
    return plan_blocks(moved.blocks, moved.stands, terms, rewards, caps, moments)
