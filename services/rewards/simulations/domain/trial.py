"""What a program's rules would give for an order that nobody placed, with every figure that made it. Pure.

Whether the order counts at all is said by the terms that need no facts of other orders. What each side gets is decided
by the functions that grant.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.cashback import CashbackRule
from contracts.events.conversions import Circumstances, Sponsor
from contracts.limits import PerAmbassador
from contracts.milestones import MilestoneRule
from contracts.program import EvidenceKind, Percent, Program, RewardRule
from services.common.benefit import promised
from services.common.money import share_half_up
from services.common.periods import local_day, window
from services.common.referral_terms import least_subtotal, must_be_new
from services.rewards.grants.domain.caps import Caps, Tally
from services.rewards.grants.domain.cashback import (
    SpentKey,
    Standing,
    Terms,
    block_after,
    plan_blocks,
    rules_for,
    times_of,
)
from services.rewards.grants.domain.milestones import counted, differences, friends_of, plan_steps, terms_of
from services.rewards.grants.domain.plan import Moment, grades_of, plan
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import (
    Entitlement,
    Grade,
    Line,
    LineGift,
    Order,
    PayAs,
    Side,
    boost_of,
    entitlements,
    lines_of,
    multiplied,
    part_of,
    unlimited,
    usable_from,
)
from services.rewards.simulations.domain.plans import Bonus, Plans, bonuses

NOBODY = "amb_imagined"
"""The ambassador of an order that names none: one who has got nothing so far."""


class Imagined(Struct, frozen=True, kw_only=True):
    """An order as somebody imagines it: its figures as a shop would report them, after discounts."""

    program_id: str
    total_minor: int
    subtotal_minor: int
    currency: str
    placed_at: datetime
    by: EvidenceKind | Literal["nobody"]
    new_customer: bool
    order_number: int
    ambassador_id: str = NOBODY
    tier: str | None = None
    """The one that the ambassador is imagined in; None: that in which they are."""
    sponsors: tuple[str, ...] | None = None
    """Who stands above the ambassador, nearest first; None for as many as rules give something to, who got nothing so
    far.
    """
    lines: tuple[Line, ...] = ()
    circumstances: Circumstances
    memberships: tuple[str, ...] = ()
    """What the ambassador holds, or the buyer where nobody referred it."""
    split: int | None = None
    """What the link or code says of how the reward is shared; None: as the program has it."""
    spent_minor: int = 0
    """What the buyer has spent before in orders that nobody referred."""

    def above(self, program: Program) -> tuple[str, ...]:
        """The ambassador's sponsors, nearest first."""
        if self.sponsors is None:
            return tuple(f"{NOBODY}_{level}" for level in range(1, program.sponsor_levels + 1))
        return self.sponsors

    def order(self, store_id: str, program: Program, *, attributed: bool) -> Order:
        """As rules read it. All sponsors count as active."""
        above = tuple(Sponsor(ambassador_id=sponsor) for sponsor in self.above(program))
        return Order(
            store_id=store_id,
            order_id="imagined",
            revision=1,
            attributed=attributed,
            cancelled=False,
            rejected_by_person=False,
            settled_at=None,
            placed_at=self.placed_at,
            currency=self.currency,
            total_minor=self.total_minor,
            subtotal_minor=self.subtotal_minor,
            refunded_minor=0,
            friend_id="friend_imagined",
            order_number=self.order_number,
            new_customer=self.new_customer,
            program_id=self.program_id,
            program_version=1,
            ambassador_id=self.ambassador_id,
            lines=self.lines,
            circumstances=self.circumstances.model_copy(update={"sponsors": above or None}),
            memberships=self.memberships,
            split=self.split,
        )


class Gift(Struct, frozen=True, kw_only=True):
    """What a rule gives, and what made it so. Amounts are minor units of `unit`, or points."""

    rule: str
    side: Side
    pay_as: PayAs
    unit: str
    basis_points: int | None
    """The share, where it is one: of `of_minor`."""
    of_minor: int | None
    whole_minor: int
    """By the terms and the tier, before any cap."""
    per_order_minor: int | None
    base_minor: int
    """After the limit per order."""
    bound_minor: int | None
    """The most that budget and limit per ambassador leave; None: no such cap."""
    amount_minor: int
    reason: str
    grade: Grade | None
    """The tier, and what it multiplies by; None where the program has none, and for friends."""
    available_at: datetime
    limit: PerAmbassador | None
    used_count: int
    used_minor: int
    """What counts against that limit already, in the period of the order."""
    lines: list[tuple[LineGift, int]]
    """What each line gives before caps, where they differ."""
    sponsor_level: int | None = None
    """How many levels the sponsor stands above the ambassador; None of others' rewards."""


class Way(Struct, frozen=True):
    """What the order would do for a milestone once it has settled: the count before and with it, and what the steps
    that it reaches would give together.
    """

    rule: MilestoneRule
    before: int
    after: int
    amount_minor: int


class Back(Struct, frozen=True):
    """What the order would bring its buyer, where nobody referred it: how often the rule's sum was reached before, and
    would be, and what that is worth.
    """

    rule: CashbackRule
    before: int
    after: int
    amount_minor: int


class Trial(Struct, frozen=True, kw_only=True):
    """What would become of the order. `refusal` is why it would not count at all, as attribution calls it."""

    refusal: str | None
    discount_minor: int
    """What the program has the shop take off such goods, for a code."""
    gifts: list[Gift]
    milestones: list[Way]
    plans: list[Bonus]
    cashback: list[Back]
    currency: str
    budget_minor: int | None
    spent_minor: int


def refusal_of(imagined: Imagined, program: Program) -> str | None:
    """Why the order would not count, by the terms that can be told of one order alone."""
    if program.status != "active":
        return f"program_{program.status}"
    if imagined.by == "nobody":
        return "no_evidence"
    if imagined.by not in program.attribution.priority:
        return "kind_not_counted"
    if must_be_new(program.attribution, imagined.by) and not imagined.new_customer:
        return "not_new_customer"
    if imagined.subtotal_minor < least_subtotal(program, imagined.currency):
        return "below_minimum"
    return None


def trial(
    store_id: str,
    imagined: Imagined,
    program: Program,
    caps: Caps,
    counts: Mapping[str, int],
    zone: ZoneInfo,
    tier: str | None = None,
    plans: Plans | None = None,
) -> Trial:
    """Tries the rules on the order, with counters as they stand in `caps`, which are left as the order leaves them."""
    refusal = refusal_of(imagined, program)
    order = imagined.order(store_id, program, attributed=refusal is None)
    order = order.in_zone(zone) if program.by_day else order
    entitled = entitlements(order, program, grades=grades_of(order, program, (), tier))
    key = (store_id, imagined.program_id, program.currency)
    spent = caps.spent[key]
    used = [_used(order, one, caps, zone) for one in entitled]
    moment = Moment(now=imagined.placed_at, day_of=lambda at: local_day(at, zone), new_id=lambda: "")
    given = {change.after.key: change.after for change in plan(order, entitled, [], caps, moment)}
    gifts = [
        _gift(order, program, one, given.get(one.key), counted) for one, counted in zip(entitled, used, strict=True)
    ]
    return Trial(
        refusal=refusal,
        discount_minor=_taken_off(imagined, program),
        gifts=gifts,
        milestones=_milestones(order, program, counts, caps, moment),
        plans=bonuses(replace(order, settled_at=order.placed_at), program, plans or Plans(), caps, moment, zone),
        cashback=_cashback(imagined, order, program, caps, moment),
        currency=program.currency,
        budget_minor=caps.budgets.get(key),
        spent_minor=spent,
    )


def _gift(order: Order, program: Program, one: Entitlement, reward: Reward | None, used: tuple[int, int]) -> Gift:
    """What one rule gives, and what made it so. `reward` is None where there would be none."""
    count, amount = used
    basis_points, of_minor, whole_minor, per_order_minor, lines = _terms(order, program, one)
    return Gift(
        rule=one.rule,
        side=one.side,
        pay_as=one.pay_as,
        unit=one.unit,
        basis_points=basis_points,
        of_minor=of_minor,
        whole_minor=whole_minor,
        per_order_minor=per_order_minor,
        base_minor=one.base_minor,
        bound_minor=None if reward is None else reward.bound_minor,
        amount_minor=0 if reward is None else reward.target_minor,
        reason=str(one.reason if reward is None else reward.reason),
        grade=one.grade,
        available_at=usable_from(order, one.hold),
        limit=one.limit,
        used_count=count,
        used_minor=amount,
        lines=lines,
        sponsor_level=None if one.won_by is None else one.level,
    )


def _terms(
    order: Order, program: Program, one: Entitlement
) -> tuple[int | None, int | None, int, int | None, list[tuple[LineGift, int]]]:
    """The share, where it is one, the figure that it is of, what that comes to, the limit per order, and the lines."""
    if (sponsors := program.sponsor_rule_named(one.rule)) is not None:
        of = order.subtotal_minor if sponsors.of == "subtotal" else order.total_minor
        share = sponsors.levels[one.level - 1]
        return share, of, share_half_up(of, share, 10_000), sponsors.limits.per_order_minor, []
    rule = next(rule for rule in program.rewards if rule.name == one.rule)
    return (
        rule.give.basis_points + boost_of(order, rule, None)
        if isinstance(rule.give, Percent) and not rule.by_line
        else None,
        _counted(order, rule),
        _whole(order, rule, one, program.currency),
        rule.limits.per_order_minor,
        lines_of(order, rule, program.currency) if one.base_minor else [],
    )


def _taken_off(imagined: Imagined, program: Program) -> int:
    discount = program.discount_served
    if discount is None or imagined.by != "code" or imagined.currency != program.currency:
        return 0
    if discount.which == "first" and imagined.order_number != 1:
        return 0
    return promised(discount, goods_minor=imagined.subtotal_minor)


def _milestones(order: Order, program: Program, counts: Mapping[str, int], caps: Caps, moment: Moment) -> list[Way]:
    """By the functions that count settled orders. A friend's first order is a friend more."""
    settled = replace(order, settled_at=order.placed_at)
    one = counted(settled, program)
    orders = [] if one is None else [one]
    moved = differences([], orders, (), friends_of(orders) if order.order_number == 1 else ())
    stand = {key: (counts.get(key.goal, 0), counts.get(key.goal, 0) + more) for key, more in moved.items()}
    steps = plan_steps(stand, terms_of([(settled, program)]), {}, caps, {order.store_id: moment})
    by_goal = {key.goal: figures for key, figures in stand.items()}
    return [
        Way(
            rule,
            *by_goal.get(rule.goal, (counts.get(rule.goal, 0),) * 2),
            sum(change.after.target_minor for change in steps if change.after.rule == rule.name),
        )
        for rule in program.milestone_rewards
    ]


def _cashback(imagined: Imagined, order: Order, program: Program, caps: Caps, moment: Moment) -> list[Back]:
    """Of orders that nobody referred, in the program's currency, by sums before and with this one."""
    if imagined.by != "nobody" or program.status != "active" or imagined.currency != program.currency:
        return []
    found = []
    for rule in rules_for(program, imagined.memberships):
        key = SpentKey(order.store_id, order.friend_id, imagined.program_id, rule.goal)
        before = min(times_of(rule.goal, imagined.spent_minor), rule.times)
        now = Standing(imagined.spent_minor + imagined.subtotal_minor, before)
        terms = {key: Terms(1, order.placed_at, order.order_id, order.friend_id, rule, program.currency)}
        block = block_after(key, now, terms[key])
        blocks = [] if block is None else [block]
        changes = plan_blocks(blocks, {key: now}, terms, {}, caps, {order.store_id: moment})
        after = before if block is None else block.last
        found.append(Back(rule, before, after, sum(change.after.target_minor for change in changes)))
    return found


def _whole(order: Order, rule: RewardRule, one: Entitlement, currency: str) -> int:
    amount, _ = unlimited(order, rule, currency=currency)
    amount = amount if one.grade is None else multiplied(amount, one.grade)
    return amount if one.split is None else part_of(amount, one.split, one.side)


def _counted(order: Order, rule: RewardRule) -> int | None:
    if not isinstance(rule.give, Percent) or rule.by_line:
        return None
    return order.subtotal_minor if rule.give.of == "subtotal" else order.total_minor


def _used(order: Order, one: Entitlement, caps: Caps, zone: ZoneInfo) -> tuple[int, int]:
    if one.limit is None:
        return 0, 0
    span = window(one.limit.period, local_day(order.placed_at, zone))
    tallies: Sequence[Tally] = caps.tallies[order.store_id, one.program_id, one.rule, one.ambassador_id]
    return next(((t.count, t.amount_minor) for t in tallies if (t.first, t.last) == span), (0, 0))
