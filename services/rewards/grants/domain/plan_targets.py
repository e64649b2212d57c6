"""Plan targets: what an ambassador's settled orders of a period count as, and what reaching the target is worth. Pure.

A goal is what one rule counts (`bonus/month/revenue`). For each period of an ambassador it has one counter, one target
where the store set one, and at most one reward, whose terms are those of its first grant. The reward is wanted while
the count is at the target or above, and follows what was sold then; below it is worth nothing. That is all of its
state, so nothing can be paid twice, and a target that changes is decided like an order that does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.fields import MAX_MINOR
from contracts.gifts import Fixed
from contracts.plans import PlanRule, plan_of
from contracts.program import Program
from services.common.money import share_half_up
from services.common.periods import local_day
from services.common.plan_periods import PeriodKind, PlanPeriod
from services.kernel.revisions import Ref
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.grants.domain.worth import worth
from services.rewards.rules.domain import POINTS, Order, Reason
from services.rewards.tiers.domain import revenue_left

_WHOLE = 10_000
_KINDS: dict[str, PeriodKind] = {"month": "month", "quarter": "quarter", "year": "year"}


class Sold(Struct, frozen=True, kw_only=True):
    """A settled order as it counts now: for whom, on which day, and towards which goals. `revenue_minor` is in the
    program's currency.
    """

    store_id: str
    order_id: str
    ambassador_id: str
    program_id: str
    friend_id: str
    """The person who bought, by one name."""
    day: date
    """Of the purchase, where the store is, as it was when the order was first counted."""
    revenue_minor: int
    goals: tuple[str, ...]

    @property
    def ref(self) -> Ref:
        """The order."""
        return self.store_id, self.order_id


class PlanKey(NamedTuple):
    """Whose count towards which goal in which period it is, by that period's first day."""

    store_id: str
    ambassador_id: str
    program_id: str
    goal: str
    first: date

    @property
    def period(self) -> PlanPeriod:
        """The period."""
        return PlanPeriod(kind_of(self.goal), self.first)


class Count(NamedTuple):
    """What there is towards a goal in a period, or by how much that moves: of what the goal counts, and in money."""

    counted: int = 0
    sold_minor: int = 0


class Stand(NamedTuple):
    """How somebody stands in a period, and the newest version under which an order was counted."""

    so_far: Count
    version: int


class Reached(NamedTuple):
    """When what moved a count was settled, and under which version."""

    version: int
    at: datetime


FriendKey = tuple[PlanKey, str]
"""A friend who may count towards a goal of friends in a period."""


def kind_of(goal: str) -> PeriodKind:
    """The kind of periods of a goal."""
    return _KINDS[goal.split("/")[1]]


def measure_of(goal: str) -> str:
    """What a goal counts: revenue, orders or friends."""
    return goal.split("/")[2]


def counted(order: Order, program: Program | None, zone: ZoneInfo | None, before: Sold | None) -> Sold | None:
    """What an order counts as; None if it counts for nobody. It does while it is settled, attributed, and something of
    its goods is left: never more than there was when it settled. It keeps the day that it was first counted on.
    """
    if (
        program is None
        or zone is None
        or not program.plan_rewards
        or order.program_id is None
        or order.ambassador_id is None
        or (revenue := revenue_left(order, program.currency)) is None
    ):
        return None
    return Sold(
        store_id=order.store_id,
        order_id=order.order_id,
        ambassador_id=order.ambassador_id,
        program_id=order.program_id,
        friend_id=order.person or order.friend_id,
        day=local_day(order.placed_at, zone) if before is None else before.day,
        revenue_minor=revenue,
        goals=tuple(sorted(rule.goal for rule in program.plan_rewards)),
    )


def keys_of(one: Sold) -> list[PlanKey]:
    """What an order counts towards."""
    whose = (one.store_id, one.ambassador_id, one.program_id)
    return [PlanKey(*whose, goal, PlanPeriod.holding(kind_of(goal), one.day).first) for goal in one.goals]


def friends_of(orders: Iterable[Sold]) -> set[FriendKey]:
    """Friends who count, or counted, towards goals of friends by these orders."""
    return {(key, one.friend_id) for one in orders for key in keys_of(one) if measure_of(key.goal) == "friends"}


def differences(
    before: Iterable[Sold],
    after: Iterable[Sold],
    friends_before: Collection[FriendKey],
    friends_after: Collection[FriendKey],
) -> dict[PlanKey, Count]:
    """What counters move by when some orders count otherwise than before. A friend counts once in a period, with any of
    the friend's orders: the friends are those who have one that counts, before and after.
    """
    moved: dict[PlanKey, list[int]] = defaultdict(lambda: [0, 0])
    for sign, orders in ((-1, before), (1, after)):
        for one in orders:
            for key in keys_of(one):
                of = measure_of(key.goal)
                moved[key][0] += sign * (one.revenue_minor if of == "revenue" else of == "orders")
                moved[key][1] += sign * one.revenue_minor
    for sign, friends in ((-1, friends_before), (1, friends_after)):
        for key, _ in friends:
            moved[key][0] += sign
    return {key: Count(*figures) for key, figures in moved.items() if any(figures)}


def reached_by(orders: Iterable[Order], counting: Mapping[Ref, Sold]) -> dict[PlanKey, Reached]:
    """By what these orders move the counts that they are in: the newest version among them, and when it settled."""
    found: dict[PlanKey, Reached] = {}
    for order in orders:
        one = counting.get((order.store_id, order.order_id))
        if one is None or order.settled_at is None:
            continue
        now = Reached(order.program_version or 0, order.settled_at)
        for key in keys_of(one):
            found[key] = max(found.get(key, now), now)
    return found


def source_of(key: PlanKey) -> str:
    """What the reward says that it is for: `amb_…/bonus/month/revenue/2027-03`."""
    return f"{key.ambassador_id}/{key.goal}/{key.period.text}"


def is_plan(source_id: str) -> bool:
    """Whether a reward for a period is one for a target, and not a milestone's."""
    parts = source_id.split("/")
    return len(parts) == 5 and parts[2] in _KINDS


def key_of(reward: Reward) -> PlanKey:
    """Which target a plan's reward is for."""
    _, rest = reward.source_id.split("/", 1)
    goal, text = rest.rsplit("/", 1)
    period = PlanPeriod.read(text)
    assert period is not None
    return PlanKey(reward.store_id, reward.ambassador_id, reward.program_id, goal, period.first)


def gives(rule: PlanRule, sold_minor: int) -> int:
    """What a plan comes to where so much was sold: a share is rounded half up."""
    if isinstance(rule.give, Fixed):
        return rule.give.amount_minor
    return min(MAX_MINOR, share_half_up(sold_minor, rule.give.basis_points, _WHOLE))


def decide(
    stands: Mapping[PlanKey, Stand],
    targets: Mapping[PlanKey, int],
    reached: Mapping[PlanKey, Reached],
    rewards: Mapping[tuple[str, str], Reward],
    programs: Mapping[tuple[str, str, int], Program],
    caps: Caps,
    moments: Mapping[str, tuple[Moment, ZoneInfo]],
) -> list[Change]:
    """What changes of the rewards for these targets, now that counts and targets stand so: lowered ones first.

    `rewards` are those that there are, by store and source; `programs` the versions of these, and of the stands. What
    `reached` says nothing of is decided by the moment: a target was set, or changed.
    """
    wanted: list[tuple[Reward | None, Reward, int]] = []
    for key, stand in stands.items():
        before, target = rewards.get((key.store_id, source_of(key))), targets.get(key)
        version = stand.version if before is None else before.program_version
        program = programs.get((key.store_id, key.program_id, version))
        due = due_of(key, stand, target, program)
        if before is not None:
            # One that is worth nothing keeps what it was worth before: the terms of its first grant hold.
            base = due or before.base_minor
            after = replace(before, base_minor=base, settled_minor=base)
        elif due and program is not None and (rule := plan_of(program.plan_rewards, key.goal)) is not None:
            moment, zone = moments[key.store_id]
            at = reached.get(key, Reached(version, moment.now)).at
            after = _new(key, rule, program.currency, Reached(version, at), moment, zone, due)
        else:
            continue
        count = stand.so_far
        after = replace(after, plan_sold=count.sold_minor, plan_counted=count.counted, plan_target=target)
        wanted.append((before, after, due))
    wanted.sort(key=lambda one: (one[2] > (one[0].want_minor if one[0] else 0), one[1].source_id))
    changes = (
        worth(before, after, due=due, caps=caps, now=moments[after.store_id][0].now) for before, after, due in wanted
    )
    return [change for change in changes if change is not None]


def due_of(key: PlanKey, stand: Stand, target: int | None, program: Program | None) -> int:
    """What a bonus is due by a version's terms: all of it where the target is reached, else nothing."""
    rule = None if program is None else plan_of(program.plan_rewards, key.goal)
    if rule is None or target is None or stand.so_far.counted < target:
        return 0
    return gives(rule, stand.so_far.sold_minor)


def usable_from(rule: PlanRule, period: PlanPeriod, reached_at: datetime, zone: ZoneInfo) -> datetime:
    """When a bonus becomes available: so many days after the period's end where the store is, and never before it was
    reached.
    """
    return max(reached_at, datetime.combine(period.after + timedelta(days=rule.hold_days), time(), zone))


def out_of_line(reward: Reward, stand: Stand | None, target: int | None, program: Program | None) -> str:
    """What is wrong with a plan's reward, given how its ambassador stands; empty where nothing is, or where its version
    is not known.
    """
    key = key_of(reward)
    if program is None or plan_of(program.plan_rewards, key.goal) is None or reward.rejected_at is not None:
        return ""
    stand = stand or Stand(Count(), 0)
    due = due_of(key, stand, target, program)
    if reward.want_minor == due:
        return ""
    return f"is wanted as {reward.want_minor}, {stand.so_far.counted} of {target} is worth {due}"


def _new(
    key: PlanKey,
    rule: PlanRule,
    currency: str,
    reached: Reached,
    moment: Moment,
    zone: ZoneInfo,
    due: int,
) -> Reward:
    return Reward(
        store_id=key.store_id,
        reward_id=moment.new_id(),
        source_kind="period",
        source_id=source_of(key),
        order_revision=0,
        program_id=key.program_id,
        program_version=reached.version,
        rule=rule.name,
        level=1,
        side="ambassador",
        beneficiary_id=key.ambassador_id,
        ambassador_id=key.ambassador_id,
        pay_as=rule.pay_as,
        unit=POINTS if rule.pay_as == "points" else currency,
        currency=currency,
        placed_at=reached.at,
        day=moment.day_of(reached.at),
        base_minor=due,
        total_minor=0,
        refunded_minor=0,
        want_minor=0,
        bound_minor=None,
        target_minor=0,
        reason=Reason.NOT_REACHED,
        revision=0,
        settled_at=reached.at,
        available_at=usable_from(rule, key.period, reached.at, zone),
        created_at=moment.now,
        granted_at=None,
        changed_at=moment.now,
        settled_minor=due,
    )
