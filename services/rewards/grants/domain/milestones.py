"""Milestones: what an ambassador's settled orders count as, which steps of a goal that reaches, and what each is worth.
Pure.

A goal is what one rule counts (`five/every/5/friends`), a step the count at which it gives something: 5, 10, 15. Each
step of an ambassador is a reward of its own whose terms are those of its first grant. It is wanted while the count is
there, and not otherwise: that is all of its state, so nothing can be paid twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from contracts.milestones import MilestoneRule
from contracts.program import Program
from services.kernel.revisions import Ref
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.grants.domain.worth import worth
from services.rewards.rules.domain import POINTS, Order, Reason
from services.rewards.tiers.domain import revenue_left

MOST_STEPS = 1_000
"""Steps of a goal of revenue, which one order can reach many of: a rule's `at_most` is never more."""


class Counted(Struct, frozen=True, kw_only=True):
    """A settled order as it counts now: for whom, and towards which goals. `revenue_minor` is in the program's
    currency.
    """

    store_id: str
    order_id: str
    ambassador_id: str
    program_id: str
    friend_id: str
    """The person who bought, by one name."""
    revenue_minor: int
    goals: tuple[str, ...]

    @property
    def ref(self) -> Ref:
        """The order."""
        return self.store_id, self.order_id


class GoalKey(NamedTuple):
    """Whose way to which goal a counter is kept for."""

    store_id: str
    ambassador_id: str
    program_id: str
    goal: str


FriendKey = tuple[GoalKey, str]
"""A friend who may count towards a goal of friends."""


class Terms(NamedTuple):
    """By what steps that are reached now are granted, and when that was."""

    version: int
    reached_at: datetime
    rule: MilestoneRule
    currency: str


class Goal(NamedTuple):
    """A goal read from its text."""

    rule: str
    how: str
    size: int
    of: str

    @classmethod
    def read(cls, text: str) -> "Goal":
        """From how counters and rewards name it."""
        rule, how, size, of = text.split("/")
        return cls(rule, how, int(size), of)

    def between(self, one: int, other: int) -> Sequence[int]:
        """The steps above the smaller of two counts, up to the larger one."""
        low, high = sorted((one, other))
        if self.how == "at":
            return [self.size] if low < self.size <= high else []
        if self.of == "revenue":
            high = min(high, self.size * MOST_STEPS)
        return range((low // self.size + 1) * self.size, high + 1, self.size)

    def next_after(self, count: int, *, at_most: int | None) -> int | None:
        """The next step that a count has not reached; None when all are."""
        if self.how == "at":
            return self.size if count < self.size else None
        times = count // self.size + 1
        return None if at_most is not None and times > at_most else times * self.size


def counted(order: Order, program: Program | None) -> Counted | None:
    """What an order counts as; None if it counts for nobody. It does while it is settled, attributed, and something of
    its goods is left: never more than there was when it settled.
    """
    if (
        program is None
        or not program.milestone_rewards
        or order.program_id is None
        or order.ambassador_id is None
        or (revenue := revenue_left(order, program.currency)) is None
    ):
        return None
    return Counted(
        store_id=order.store_id,
        order_id=order.order_id,
        ambassador_id=order.ambassador_id,
        program_id=order.program_id,
        friend_id=order.person or order.friend_id,
        revenue_minor=revenue,
        goals=tuple(sorted(rule.goal for rule in program.milestone_rewards)),
    )


def terms_of(orders: Iterable[tuple[Order, Program | None]]) -> dict[GoalKey, Terms]:
    """By what steps of each goal are granted that these orders reach: the newest version among them."""
    found: dict[GoalKey, Terms] = {}
    for order, program in orders:
        one = counted(order, program)
        if one is None or program is None or order.settled_at is None:
            continue
        for rule in program.milestone_rewards:
            key = GoalKey(one.store_id, one.ambassador_id, one.program_id, rule.goal)
            now = Terms(order.program_version or 0, order.settled_at, rule, program.currency)
            before = found.get(key)
            if before is None or now[:2] > before[:2]:
                found[key] = now
    return found


def friends_of(orders: Iterable[Counted]) -> set[FriendKey]:
    """Friends who count, or counted, towards goals of friends by these orders."""
    return {(key, one.friend_id) for one in orders for key in _keys(one) if Goal.read(key.goal).of == "friends"}


def differences(
    before: Iterable[Counted],
    after: Iterable[Counted],
    friends_before: Collection[FriendKey],
    friends_after: Collection[FriendKey],
) -> dict[GoalKey, int]:
    """What counters move by when some orders count otherwise than before. A friend counts once, with any of the
    friend's orders: the friends are those who have one that counts, before and after.
    """
    moved: dict[GoalKey, int] = defaultdict(int)
    for sign, orders in ((-1, before), (1, after)):
        for one in orders:
            for key in _keys(one):
                of = Goal.read(key.goal).of
                moved[key] += sign * (one.revenue_minor if of == "revenue" else of == "orders")
    for sign, friends in ((-1, friends_before), (1, friends_after)):
        for key, _ in friends:
            moved[key] += sign
    return {key: difference for key, difference in moved.items() if difference}


def _keys(one: Counted) -> list[GoalKey]:
    return [GoalKey(one.store_id, one.ambassador_id, one.program_id, goal) for goal in one.goals]


def source_of(key: GoalKey, step: int) -> str:
    """What the reward of a step says that it is for: `amb_…/five/every/5/friends/10`. No id of an order has a slash."""
    return f"{key.ambassador_id}/{key.goal}/{step}"


def read_source(source_id: str) -> tuple[Goal, int]:
    """The goal and the step that a reward is for."""
    _, goal = source_id.split("/", 1)
    text, step = goal.rsplit("/", 1)
    return Goal.read(text), int(step)


def plan_steps(
    counts: Mapping[GoalKey, tuple[int, int]],
    terms: Mapping[GoalKey, Terms],
    rewards: Mapping[tuple[str, str], Reward],
    caps: Caps,
    moments: Mapping[str, Moment],
) -> list[Change]:
    """What changes when counts move from one figure to another: rewards of the steps between them, lowered ones first.

    `rewards` are those that there are, by store and source; `moments` are by store.
    """
    falling_first = sorted(counts.items(), key=lambda one: (one[1][1] > one[1][0], one[0]))
    changes: list[Change] = []
    for key, (was, now) in falling_first:
        for step in Goal.read(key.goal).between(was, now):
            before = rewards.get((key.store_id, source_of(key, step)))
            reached, after = now >= step, before
            if reached and _grants(before, key, step, terms):
                after = _new(key, step, terms[key], moments[key.store_id])
            if after is not None:
                due = after.base_minor if reached else 0
                change = worth(before, after, due=due, caps=caps, now=moments[key.store_id].now)
                changes += [] if change is None else [change]
    return changes


def _grants(before: Reward | None, key: GoalKey, step: int, terms: Mapping[GoalKey, Terms]) -> bool:
    """Whether a step comes into being: it has no reward yet, and the terms give something that far."""
    if before is not None or key not in terms:
        return False
    rule = terms[key].rule
    return rule.give.amount_minor > 0 and (rule.at_most is None or step <= rule.on.size * rule.at_most)


def _new(key: GoalKey, step: int, terms: Terms, moment: Moment) -> Reward:
    rule, reached_at = terms.rule, terms.reached_at
    return Reward(
        store_id=key.store_id,
        reward_id=moment.new_id(),
        source_kind="period",
        source_id=source_of(key, step),
        order_revision=0,
        program_id=key.program_id,
        program_version=terms.version,
        rule=rule.name,
        level=1,
        side="ambassador",
        beneficiary_id=key.ambassador_id,
        ambassador_id=key.ambassador_id,
        pay_as=rule.pay_as,
        unit=POINTS if rule.pay_as == "points" else terms.currency,
        currency=terms.currency,
        placed_at=reached_at,
        day=moment.day_of(reached_at),
        base_minor=rule.give.amount_minor,
        total_minor=0,
        refunded_minor=0,
        want_minor=0,
        bound_minor=None,
        target_minor=0,
        reason=Reason.NOT_REACHED,
        revision=0,
        settled_at=reached_at,
        available_at=reached_at + timedelta(days=rule.hold_days),
        created_at=moment.now,
        granted_at=None,
        changed_at=moment.now,
        settled_minor=rule.give.amount_minor,
    )
