"""What the lines of an order gave a reward, worked out anew from what is kept: the order's state, and the version."""

from zoneinfo import ZoneInfo

from services.kernel.db import Tx
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import conversions
from services.rewards.memberships import actions as memberships
from services.rewards.rules.domain import LineGift, Order, lines_of
from services.rewards.slices import sql as slices


async def lines_behind(tx: Tx, reward: Reward) -> list[tuple[LineGift, int]]:
    """What each line gives by the terms; empty where lines do not differ, and where the source is no order."""
    if reward.order_id is None:
        return []
    states = await conversions.get(tx, [(reward.store_id, reward.order_id)])
    version = (reward.store_id, reward.program_id, reward.program_version)
    program = (await slices.versions(tx, [version])).get(version)
    rule = program.rule_named(reward.rule) if program is not None else None
    if not states or rule is None or not rule.by_line:
        return []
    zone = ZoneInfo((await slices.shop(tx, reward.store_id)).timezone)
    ref = (reward.store_id, reward.order_id)
    order = Order.of(states[0]).held_by((await memberships.held_at_orders(tx, [ref])).get(ref, ()))
    return lines_of(order.in_zone(zone, day=reward.day), rule, reward.currency)
