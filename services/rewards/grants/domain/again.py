"""A reward computed again from what it was made of: the state of its order or event with its lines, the terms of its
version, the tier and multiplier of its first grant, and the bound that caps set. For verifications. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from contracts.program import Program
from services.common.periods import local_day
from services.rewards.grants.domain import cashback
from services.rewards.grants.domain.milestones import read_source
from services.rewards.grants.domain.plan import Moment, activity_of, as_the_order_has_it
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Grade, Order, entitlements

_COMPARED: Final = (
    *("program_version", "ambassador_id", "won_by", "pay_as", "unit", "total_minor", "refunded_minor"),
    *("base_minor", "want_minor", "available_at", "split"),
)
_ANY_ZONE: Final = ZoneInfo("UTC")
"""Of orders that earn nothing: no day is made for them."""


def differing(
    order: Order, program: Program | None, zone: ZoneInfo | None, rewards: Sequence[Reward]
) -> list[tuple[str, str]]:
    """(reward, what differs) of those of an order's or event's rewards that do not follow from it. `program` is the
    version that decides it, and `zone` the store's; without one of them only what earns nothing can be said.
    """
    if order.refusal is None and (program is None or zone is None):
        return []
    found = _differences(order, program, zone, rewards)
    for days in (-1, 1):
        # A store that has moved to another zone since may have had the order that won the friend on the day beside.
        if found and order.circumstances is not None and order.circumstances.brought_at is not None:
            found = _differences(order, program, zone, rewards, moved=timedelta(days=days)) and found
    return [*found, *(one for reward in rewards for one in bound_broken(reward))]


def bound_broken(reward: Reward) -> Iterator[tuple[str, str]]:
    """Whether a reward is worth another amount than what it is due, within the bound that caps set."""
    due = reward.want_minor if reward.bound_minor is None else min(reward.want_minor, reward.bound_minor)
    if reward.target_minor != due:
        yield reward.reward_id, f"target_minor is {reward.target_minor}, want and bound say {due}"


def step_differing(reward: Reward, program: Program | None) -> Iterator[tuple[str, str]]:
    """Whether a milestone's reward is of another amount than the version's step; nothing where that is not known."""
    yield from bound_broken(reward)
    if program is None:
        return
    goal, _ = read_source(reward.source_id)
    gives = {rule.give.amount_minor for rule in program.milestone_rewards if rule.goal.split("/")[0] == goal.rule}
    if gives and reward.base_minor not in gives:
        yield reward.reward_id, f"base_minor is {reward.base_minor}, its version says {sorted(gives)}"


def block_differing(reward: Reward, program: Program | None) -> Iterator[tuple[str, str]]:
    """The same of cashback: what its version gives, as often as it is for."""
    yield from bound_broken(reward)
    if program is None:
        return
    goal, first, last = cashback.read_source(reward.source_id)
    gives = {rule.give.amount_minor * (last - first + 1) for rule in program.cashback_rewards if rule.goal == goal}
    if gives and reward.base_minor not in gives:
        yield reward.reward_id, f"base_minor is {reward.base_minor}, its version says {sorted(gives)}"


def _differences(
    order: Order,
    program: Program | None,
    zone: ZoneInfo | None,
    rewards: Sequence[Reward],
    *,
    moved: timedelta | None = None,
) -> list[tuple[str, str]]:
    zone = zone or _ANY_ZONE
    entitled = []
    if program is not None and order.refusal is None:
        if program.by_day:
            kept = (reward.day for reward in rewards if reward.placed_at == order.placed_at)
            order = order.in_zone(zone, day=next(kept, None))
            if moved is not None and order.brought_on is not None:
                order = replace(order, brought_on=order.brought_on + moved)
        grades, active = _grades(order, rewards), activity_of(order, rewards)
        entitled = entitlements(order, program, grades=grades, active=active)
    moment = Moment(now=order.placed_at, day_of=lambda at: local_day(at, zone), new_id=str)
    return [
        (before.reward_id, f"{name} is {getattr(before, name)}, its inputs say {getattr(after, name)}")
        for before, after in as_the_order_has_it(order, entitled, rewards, moment)
        for name in _COMPARED
        if getattr(before, name) != getattr(after, name)
    ]


def _grades(order: Order, rewards: Sequence[Reward]) -> Mapping[str, Grade]:
    """By rule, as they were granted. An order that moved still has the rewards of another program or ambassador."""
    whose = (order.program_id, order.ambassador_id)
    return {
        one.rule: Grade(one.tier, one.multiplier)
        for one in rewards
        if one.multiplier is not None and (one.program_id, one.ambassador_id) == whose
    }
