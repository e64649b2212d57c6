"""Which sponsors of some orders count as active: as it was first decided, else as it is now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from contracts.program import Program
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.plan import activity_of
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import sponsors as sql
from services.rewards.grants.sql.sponsors import Asked
from services.rewards.rules.domain import Order

Activity = Mapping[tuple[str, str], bool]
"""By rule and sponsor."""


async def active_sponsors(
    tx: Tx, orders: Iterable[tuple[Order, Program | None]], rewards: Mapping[Ref, Sequence[Reward]]
) -> Mapping[Ref, Activity]:
    """By order, where rules ask for it: one statement for those of whom it was never decided, and none where no rule
    asks.
    """
    known: dict[Ref, dict[tuple[str, str], bool]] = {}
    asked: dict[tuple[Ref, str, str], Asked] = {}
    for order, program in orders:
        rules = [] if program is None else [rule for rule in program.sponsor_rewards if rule.active_days is not None]
        above = order.circumstances.sponsors if order.circumstances is not None else None
        if not rules or not above or order.refusal is not None:
            continue
        ref = (order.store_id, order.order_id)
        known[ref] = activity_of(order, rewards.get(ref, ()))
        for rule in rules:
            since = tx.now - timedelta(days=rule.active_days or 0)
            for sponsor in above[: len(rule.levels)]:
                if (rule.name, sponsor.ambassador_id) not in known[ref]:
                    key = (ref, rule.name, sponsor.ambassador_id)
                    asked[key] = Asked(order.store_id, sponsor.ambassador_id, since)
    active = await sql.active(tx, asked.values())
    for (ref, rule_name, sponsor_id), one in asked.items():
        known[ref][rule_name, sponsor_id] = one in active
    return known
