"""What a program's rules give for one order by their own terms: factors, rounding, periods, holds. Pure.

Caps that depend on other rewards (budgets, limits per ambassador) are not here but in `grants.domain`.
"""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Self
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.events.conversions import Conversion
from contracts.program import Fixed, PerAmbassador, Program, RewardRule
from services.kernel.money import share_half_up

POINTS = "points"
"""The unit of rewards that are not money. Points never count against a budget, which is money."""

Side = Literal["ambassador", "friend"]
PayAs = Literal["cash", "store_credit", "points"]
Period = Literal["day", "week", "month", "year", "ever"]


class Reason(StrEnum):
    """Why a reward is what it is."""

    GRANTED = "granted"
    PARTLY_REFUNDED = "partly_refunded"
    PARTLY_CAPPED = "partly_capped"
    CAPPED_BUDGET = "capped_budget"
    CAPPED_AMBASSADOR = "capped_ambassador"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    NOT_ATTRIBUTED = "not_attributed"
    REASSIGNED = "reassigned"
    """The order now belongs to somebody else, or to another program."""
    REJECTED_BY_PERSON = "rejected_by_person"
    CURRENCY_MISMATCH = "currency_mismatch"
    NOT_FIRST_ORDER = "not_first_order"
    NOTHING_DUE = "nothing_due"
    """The terms give zero: a share of a zero subtotal, or too little to round up."""


class Order(Struct, frozen=True, kw_only=True):
    """The state of the decision on an order, as rules read it. Amounts are in minor units of `currency`."""

    store_id: str
    order_id: str
    revision: int
    attributed: bool
    cancelled: bool
    rejected_by_person: bool
    settled_at: datetime | None
    placed_at: datetime
    currency: str
    total_minor: int
    subtotal_minor: int
    refunded_minor: int
    friend_id: str
    order_number: int
    program_id: str | None
    program_version: int | None
    ambassador_id: str | None

    @classmethod
    def of(cls, conversion: Conversion) -> Self:
        """From the event. An over-refund counts as a full one."""
        figures = conversion.figures
        return cls(
            store_id=conversion.store_id,
            order_id=conversion.order_id,
            revision=conversion.revision,
            attributed=conversion.status == "attributed",
            cancelled=conversion.cancelled,
            rejected_by_person=conversion.rejected_by_person,
            # In UTC, where adding days adds hours: on another wall clock it would add calendar days.
            settled_at=conversion.settled_at.astimezone(UTC) if conversion.settled_at else None,
            placed_at=conversion.placed_at.astimezone(UTC),
            currency=figures.currency,
            total_minor=figures.total_minor,
            subtotal_minor=figures.subtotal_minor,
            refunded_minor=min(conversion.refunded_minor, figures.total_minor),
            friend_id=conversion.friend_id,
            order_number=conversion.order_number,
            program_id=conversion.program_id,
            program_version=conversion.program_version,
            ambassador_id=conversion.ambassador_id,
        )

    @property
    def refusal(self) -> Reason | None:
        """Why the order earns nothing under whatever rule."""
        if self.cancelled:
            return Reason.CANCELLED
        if self.rejected_by_person:
            return Reason.REJECTED_BY_PERSON
        if not self.attributed or self.program_id is None or self.program_version is None or self.ambassador_id is None:
            return Reason.NOT_ATTRIBUTED
        return None


class Entitlement(Struct, frozen=True, kw_only=True):
    """What one rule gives one beneficiary for an order. `base_minor` is before refunds, `want_minor` after."""

    program_id: str
    program_version: int
    rule: str
    level: int
    side: Side
    beneficiary_id: str
    ambassador_id: str
    pay_as: PayAs
    unit: str
    currency: str
    hold: timedelta
    limit: PerAmbassador | None
    base_minor: int
    want_minor: int
    reason: Reason

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What tells a reward from the others of its order: program, rule, level, beneficiary."""
        return self.program_id, self.rule, self.level, self.beneficiary_id


def entitlements(order: Order, program: Program) -> list[Entitlement]:
    """What each rule of the version in force gives, in the rules' own order; empty if the order earns nothing."""
    if order.refusal is not None:
        return []
    return [_entitlement(order, program, rule) for rule in program.rewards]


def _entitlement(order: Order, program: Program, rule: RewardRule) -> Entitlement:
    if order.program_id is None or order.program_version is None or order.ambassador_id is None:
        raise ValueError(f"order {order.order_id} names no program or ambassador")
    base, reason = terms(order, rule, currency=program.currency)
    want = after_refunds(base, total_minor=order.total_minor, refunded_minor=order.refunded_minor)
    if reason is Reason.GRANTED and want < base:
        reason = Reason.REFUNDED if want == 0 else Reason.PARTLY_REFUNDED
    return Entitlement(
        program_id=order.program_id,
        program_version=order.program_version,
        rule=rule.name,
        level=1,
        side=rule.to,
        beneficiary_id=order.ambassador_id if rule.to == "ambassador" else order.friend_id,
        ambassador_id=order.ambassador_id,
        pay_as=rule.pay_as,
        unit=POINTS if rule.pay_as == "points" else program.currency,
        currency=program.currency,
        hold=timedelta(days=rule.hold_days),
        limit=rule.limits.per_ambassador,
        base_minor=base,
        want_minor=want,
        reason=reason,
    )


def terms(order: Order, rule: RewardRule, *, currency: str) -> tuple[int, Reason]:
    """What the rule gives on the figures before refunds, its limit per order applied, and why if that is nothing."""
    if order.currency != currency:
        return 0, Reason.CURRENCY_MISMATCH
    if rule.which == "first" and order.order_number != 1:
        return 0, Reason.NOT_FIRST_ORDER
    if isinstance(rule.give, Fixed):
        amount = rule.give.amount_minor
    else:
        of = order.subtotal_minor if rule.give.of == "subtotal" else order.total_minor
        amount = share_half_up(of, rule.give.basis_points, 10_000)
    if rule.limits.per_order_minor is not None:
        amount = min(amount, rule.limits.per_order_minor)
    return amount, Reason.GRANTED if amount else Reason.NOTHING_DUE


def after_refunds(base_minor: int, *, total_minor: int, refunded_minor: int) -> int:
    """The part of `base_minor` that survives all refunds so far, rounded half up once; all of it if the total is 0.

    From the cumulative sum, never refund by refund: a thousand small refunds must end where one large one does.
    """
    if total_minor == 0:
        return base_minor
    return share_half_up(base_minor, total_minor - min(refunded_minor, total_minor), total_minor)


def usable_from(order: Order, hold: timedelta) -> datetime:
    """When the reward becomes available at the earliest: the hold counts 24-hour days from the purchase, and an order
    that settles later holds it longer.
    """
    held = order.placed_at + hold
    return held if order.settled_at is None else max(held, order.settled_at)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of a moment where the store is."""
    return at.astimezone(zone).date()


def window(period: Period, day: date) -> tuple[date, date]:
    """First and last day of the period that holds `day`. Weeks start on Monday."""
    if period == "day":
        return day, day
    if period == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if period == "month":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if period == "year":
        return day.replace(month=1, day=1), day.replace(month=12, day=31)
    return date.min, date.max


def rule_named(program: Program, name: str) -> RewardRule | None:
    """The program's rule of that name."""
    return next((rule for rule in program.rewards if rule.name == name), None)
