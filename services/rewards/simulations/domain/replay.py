"""Orders of a past period under other rules, or under their own: decided one after the other as if each came once, as
it stands now. Pure.

It grants nothing by itself: what a rule gives is `rules.domain`, what caps leave of it `grants.domain.plan`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.events.conversions import Circumstances
from contracts.program import Discount, Program, RewardRule
from services.common.benefit import program_part
from services.common.money import share_half_up
from services.common.periods import Period, local_day, window
from services.rewards.grants.domain.caps import Caps, CountKey
from services.rewards.grants.domain.plan import Moment, plan
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.rules.domain import Entitlement, Grade, Order, Side, entitlements, multiplied, part_of, unlimited
from services.rewards.simulations.domain.figures import CAPPED, Figures, Key
from services.rewards.tiers.domain import grade_of, start_of

PER_ORDER = "per_order"
"""The cap that is a rule's own, beside the reasons for which rewards are smaller than they could be."""


class Was(NamedTuple):
    """What was granted for an order: one reward, as it stands."""

    rule: str
    side: Side
    ambassador_id: str
    unit: str
    amount_minor: int
    tier: str | None = None
    multiplier: int | None = None
    """What it was multiplied by; None where its program had no tiers."""
    sponsor_active: bool | None = None
    """Whether its sponsor counted as active; None where no rule asked."""


class Version(NamedTuple):
    """A program with what is asked of it for every order, asked once."""

    program: Program
    served: Sequence[RewardRule]
    capped: dict[str, RewardRule]
    """Rules with a limit per order, by name."""
    discount: Discount | None
    by_day: bool
    offer: str | None
    """The discount as text: compared for every order, which models take long to do."""
    asks: frozenset[str]
    """What its rules ask of how things stood: `group`, `role`, `channel`, `country`, `membership`, `months` since the
    friend came, `sponsors` of the ambassador.
    """

    @classmethod
    def of(cls, program: Program) -> Self:
        """The terms of a version."""
        # What a limit per order cuts off of all levels of sponsors together is of no one reward.
        capped = {rule.name: rule for rule in program.rewards if rule.limits.per_order_minor is not None}
        discount = program.discount_served
        offer = None if discount is None else discount.model_dump_json()
        return cls(program, program.rules_served, capped, discount, program.by_day, offer, asked_by(program))


class Case(Struct, frozen=True):
    """An order with what the rules give for it, what was granted, and rewards that a person refused for good."""

    order: Order
    version: Version | None
    entitled: list[Entitlement]
    was: list[Was]
    refused: list[Reward]
    in_force: Version | None = None
    """The version that did decide it."""
    lacking: tuple[str, ...] = ()
    """What its rules ask for and it does not say."""


def case_of(
    order: Order,
    version: Version | None,
    was: list[Was],
    refused: list[Reward],
    in_force: Version | None = None,
    *,
    zone: ZoneInfo,
    tiers: Mapping[str, str] | None = None,
    held: tuple[str, ...] | None = None,
) -> Case:
    """A case under the rules that are to decide it; without rules it waits, and gets nothing. `tiers`: by ambassador,
    the one that they are in now. `held`: what the ambassador held at the purchase, where that was asked.
    """
    if version is None:
        return Case(order, version, [], was, refused, in_force)
    order, lacking = _stood(order, version, in_force)
    if "membership" in version.asks and order.attributed and not order.cancelled:
        order, lacking = order.held_by(held or ()), (*lacking, *(("membership",) if held is None else ()))
    if version.by_day:
        order = order.in_zone(zone)
    grades = _grades(order, version, was, tiers or {}, in_force=in_force is None or version is in_force)
    active = {(one.rule, one.ambassador_id): one.sponsor_active for one in was if one.sponsor_active is not None}
    entitled = entitlements(order, version.program, version.served, grades, active)
    return Case(order, version, entitled, was, refused, in_force, lacking)


def asked_by(program: Program) -> frozenset[str]:
    """What a program's rules for orders ask of how things stood at the purchase."""
    found: set[str] = {"sponsors"} if program.sponsor_rewards else set()
    for rule in program.rules_for_orders:
        if rule.when is not None:
            when = rule.when
            asked = {
                "group": when.groups,
                "role": when.roles,
                "channel": when.channels,
                "country": when.countries,
                "membership": when.memberships,
            }
            found.update(name for name, named in asked.items() if named)
        if rule.span is not None and rule.span.months is not None:
            found.add("months")
    if any(boost.groups for rule in program.rewards for boost in rule.boosts):
        found.add("group")
    return frozenset(found)


def _grades(
    order: Order, version: Version, was: Sequence[Was], tiers: Mapping[str, str], *, in_force: bool
) -> dict[str, Grade]:
    """By rule, what tiers make of the ambassador's rewards. A reward that was granted under these very rules keeps its
    own; a draft takes the tier that the ambassador was in when the order was rewarded, else the one that they are in.
    """
    # A rule to the friend has no multiplier; what is all the friend's of a shared one keeps the ambassador's.
    mine = [
        one
        for one in was
        if (one.side == "ambassador" or one.multiplier is not None) and one.ambassador_id == order.ambassador_id
    ]
    ranks = version.program.tiers
    if ranks is None and all(one.multiplier is None for one in mine):
        return {}
    kept = {one.rule: None if one.multiplier is None else Grade(one.tier, one.multiplier) for one in mine}
    then = [one.tier for one in mine if one.multiplier is not None]
    found: dict[str, Grade] = {}
    for rule in version.served:
        if rule.to != "ambassador":
            continue
        if in_force and rule.name in kept:
            grade = kept[rule.name]
        elif ranks is not None:
            grade = grade_of(ranks, then[0] if then else tiers.get(order.ambassador_id or "") or start_of(ranks))
        else:
            grade = None
        if grade is not None:
            found[rule.name] = grade
    return found


def _stood(order: Order, version: Version, in_force: Version | None) -> tuple[Order, tuple[str, ...]]:
    """The order with what is known of how things stood at its purchase, and what rules ask for and it does not say:
    what asks for it gives nothing.
    """
    known, asks = order.circumstances, version.asks - {"membership"}
    if not asks or not order.attributed or order.cancelled:
        return order, ()
    if known is not None:
        lacking = ["months"] if "months" in asks and known.brought_at is None else []
        # Where the order goes is said where the version asks that decided it, and of others not.
        asked_then = in_force is None or in_force is version or "country" in in_force.asks
        if "country" in asks and known.country is None and not asked_then:
            lacking.insert(0, "country")
        if "sponsors" in version.asks and known.sponsors is None:
            lacking.append("sponsors")
        return order, tuple(lacking)
    if order.order_number != 1:
        return order, tuple(sorted(asks))
    # By this order the program won the friend.
    order = replace(order, circumstances=Circumstances(brought_at=order.placed_at))
    return order, tuple(sorted(asks - {"months"}))


def periods_of(programs: Iterable[Program]) -> dict[str, set[Period]]:
    """By what periods rules limit, by name: in whatever version, since what one grants counts for the others."""
    found: dict[str, set[Period]] = {}
    for program in programs:
        for rule in program.rules_for_orders:
            if rule.limits.per_ambassador is not None:
                found.setdefault(rule.name, set()).add(rule.limits.per_ambassador.period)
    return found


def counters_of(cases: Iterable[Case], periods: Mapping[str, Iterable[Period]], zone: ZoneInfo) -> set[CountKey]:
    """Every period of every limit that these orders count against."""
    found: set[CountKey] = set()
    if not periods:
        return found
    for case in cases:
        day = local_day(case.order.placed_at, zone)
        for one in case.entitled:
            for period in periods.get(one.rule, ()):
                first, _ = window(period, day)
                found.add(CountKey(case.order.store_id, one.program_id, one.rule, one.ambassador_id, period, first))
    return found


def looked_at(cases: Iterable[Case]) -> Figures:
    """What can be counted before anything is decided: the orders, what was granted for them, and what limits per order
    cut off.
    """
    figures = Figures()
    for case in cases:
        figures.orders += 1
        for asked in case.lacking:
            figures.lacking(asked)
        for was in case.was:
            if was.amount_minor:
                figures.was_given(Key(was.rule, was.side, was.unit), was.ambassador_id, was.amount_minor)
        if case.version is not None and case.version.capped:
            _count_own_caps(figures, case, case.version)
        if _discounted(case.version) or _discounted(case.in_force):
            would, took = discounts_on(case.order, case.version, case.in_force)
            if would or took:
                figures.discount(case.order.currency, would, took)
    return figures


def _discounted(version: Version | None) -> bool:
    return version is not None and version.discount is not None


def discounts_on(order: Order, under: Version | None, in_force: Version | None) -> tuple[int, int]:
    """What these terms would take off an order for the friend, and what those in force took off. With what is refunded
    of the order, that part of it goes.

    Who made nothing of the discount that was promised would make nothing of another one; where none was promised, every
    friend is taken to use the new one.
    """
    if not order.attributed or order.cancelled:
        return 0, 0
    took = _part(order, in_force, order.subtotal_minor, order.discount_minor)
    if under is in_force or (under and in_force and under.offer == in_force.offer):
        would = took
    elif _discounted(in_force) and not took:
        would = 0
    else:
        goods = order.subtotal_minor + took
        would = _part(order, under, 0, goods)
    if not order.total_minor:
        return would, took
    kept = order.total_minor - order.refunded_minor
    return share_half_up(would, kept, order.total_minor), share_half_up(took, kept, order.total_minor)


def _part(order: Order, version: Version | None, left_minor: int, off_minor: int) -> int:
    """The program's part of what was taken off, or of what may be: of goods that cost both together."""
    if version is None:
        return 0
    return program_part(
        version.discount,
        same_currency=order.currency == version.program.currency,
        order_number=order.order_number,
        subtotal_minor=left_minor,
        discount_minor=off_minor,
    )


def _count_own_caps(figures: Figures, case: Case, under: Version) -> None:
    for one in case.entitled:
        rule = under.capped.get(one.rule)
        if rule is None or not one.base_minor:
            continue
        whole, _ = unlimited(case.order, rule, currency=under.program.currency)
        whole = whole if one.grade is None else multiplied(whole, one.grade)
        whole = whole if one.split is None else part_of(whole, one.split, one.side)
        if whole > one.base_minor:
            figures.cut(PER_ORDER, one.rule, one.unit, whole - one.base_minor)


def decide(cases: Sequence[Case], caps: Caps, zone: ZoneInfo, now: datetime, figures: Figures) -> None:
    """Decides all of them, in the order given, and counts what they come to. `caps` is left as it is after them."""
    moment = Moment(now=now, day_of=lambda at: local_day(at, zone), new_id=lambda: "")
    for case in cases:
        _count(figures, case, plan(case.order, case.entitled, case.refused, caps, moment))


def _count(figures: Figures, case: Case, changes: Sequence[Change]) -> None:
    more: dict[tuple[Side, str], int] = {}
    for was in case.was:
        place = (was.side, was.unit)
        more[place] = more.get(place, 0) - was.amount_minor
    rewarded = False
    for change in changes:
        after = change.after
        if after.rejected_at is not None:
            continue
        if after.target_minor:
            rewarded = True
            figures.give(Key(after.rule, after.side, after.unit), after.ambassador_id, after.target_minor)
            place = (after.side, after.unit)
            more[place] = more.get(place, 0) + after.target_minor
        if after.reason in CAPPED:
            figures.cut(str(after.reason), after.rule, after.unit, after.want_minor - after.target_minor)
    figures.rewarded += rewarded
    if more:
        figures.more += max(more.values()) > 0
        figures.less += min(more.values()) < 0


def caps_of(
    budgets: Mapping[tuple[str, str, str], int],
    spent: Mapping[tuple[str, str, str], int],
    counts: Mapping[CountKey, tuple[int, int]],
) -> Caps:
    """Caps as counters stand."""
    caps = Caps(budgets=budgets)
    caps.spent.update(spent)
    for key, (rewards, amount_minor) in counts.items():
        caps.open(key, rewards, amount_minor)
    return caps


def counts_of(caps: Caps, keys: Iterable[CountKey]) -> dict[CountKey, tuple[int, int]]:
    """How these counters stand now."""
    found = {}
    for key in keys:
        last = window(key.period, key.first)[1]
        for tally in caps.tallies[key.limit]:
            if (tally.first, tally.last) == (key.first, last):
                found[key] = (tally.count, tally.amount_minor)
    return found
