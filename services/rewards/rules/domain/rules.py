"""What a program's rules give for one order by their own terms: factors, rounding, holds. Pure.

Caps that depend on other rewards (budgets, limits per ambassador) are not here but in `grants.domain`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from contracts.gifts import Fixed
from contracts.limits import PerAmbassador
from contracts.program import EventRule, Percent, Program, RewardRule
from contracts.sponsors import SponsorRule
from services.common.money import share_half_up
from services.rewards.rules.domain.conditions import folded, unmet
from services.rewards.rules.domain.lines import LineGift, boost_of, gifts_of, own_amount, spread, total_of
from services.rewards.rules.domain.order import POINTS, Line, Order, PayAs, Reason, Side
from services.rewards.rules.domain.split import part_of
from services.rewards.rules.domain.sponsors import LevelGift, gifts_to_sponsors

_WHOLE = 10_000


class Part(Struct, frozen=True):
    """A part of a rule's base: what the rule counts of it, what it was sold for, and how much of that went back."""

    base_minor: Fraction | int
    gross_minor: int
    returned_minor: int


class Grade(Struct, frozen=True):
    """In which tier somebody is for a reward, if in any, and by how many basis points that multiplies it."""

    tier: str | None
    multiplier: int


class Entitlement(Struct, frozen=True, kw_only=True):
    """What one rule gives one beneficiary for an order. `base_minor` is before refunds, `want_minor` after, and
    `settled_minor` what it was when the order settled, where the order is reported to have been another then.
    """

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
    settled_minor: int | None = None
    grade: Grade | None = None
    """By which its terms are multiplied; None where the program had no tiers."""
    won_by: str | None = None
    """Of a sponsor's: who brought the order. `ambassador_id`, whose limits count, is then the sponsor."""
    sponsor_active: bool | None = None
    """Whether the sponsor counts as active; None where no rule asks."""
    split: int | None = None
    """The ambassador's part of what the rule gives, in basis points, where it is shared with the friend."""

    @property
    def key(self) -> tuple[str, str, int, Side, str]:
        """What distinguishes a reward from the others of its order: program, rule, level, side, beneficiary."""
        return self.program_id, self.rule, self.level, self.side, self.beneficiary_id


def entitlements(
    order: Order,
    program: Program,
    served: Sequence[RewardRule] | None = None,
    grades: Mapping[str, Grade] | None = None,
    active: Mapping[tuple[str, str], bool] | None = None,
) -> list[Entitlement]:
    """What each rule of the version in force gives, in the rules' own order; empty if the order earns nothing. A friend
    who is served at the checkout is owed nothing here. `served`: the program's `rules_served`, of who has them at hand.
    `grades`: by rule, where its reward is multiplied. `active`: by rule and sponsor, where a rule is for active ones.
    """
    if order.refusal is not None:
        return []
    if order.event is not None:
        return [_of_event(order, program, rule) for rule in program.rules_on(order.event)]
    rules = program.rules_served if served is None else served
    whole = ((rule, _entitlement(order, program, rule, (grades or {}).get(rule.name))) for rule in rules)
    found = [part for rule, one in whole for part in _parts(order, rule, one)]
    return found + [one for rule in program.sponsor_rewards for one in _of_sponsors(order, program, rule, active or {})]


def _of_sponsors(
    order: Order, program: Program, rule: SponsorRule, active: Mapping[tuple[str, str], bool]
) -> list[Entitlement]:
    """The share of each level that there is somebody for."""
    left = total_left if rule.of == "total" else goods_left
    given = gifts_to_sponsors(order, rule, program.currency, left, active)
    return [_to_sponsor(order, program, rule, gift) for gift in given]


def _to_sponsor(order: Order, program: Program, rule: SponsorRule, gift: LevelGift) -> Entitlement:
    one = _entitled(
        order,
        program,
        rule,
        base=gift.base_minor,
        want=gift.want_minor,
        reason=gift.reason,
        settled=gift.settled_minor,
    )
    sponsor = gift.sponsor.ambassador_id
    return replace(
        one,
        level=gift.level,
        beneficiary_id=sponsor,
        ambassador_id=sponsor,
        won_by=order.ambassador_id,
        sponsor_active=gift.active,
    )


def _parts(order: Order, rule: RewardRule, whole: Entitlement) -> list[Entitlement]:
    """What each side has of a rule that is shared with the friend, as the link or code says, else as the rule says."""
    if rule.split is None:
        return [whole]
    share = rule.split.default_basis_points if order.split is None else order.split
    sides: list[tuple[Side, str]] = [("ambassador", whole.beneficiary_id)] if share else []
    if share < _WHOLE:
        sides.append(("friend", order.friend_id))
    return [
        replace(
            whole,
            side=side,
            beneficiary_id=beneficiary_id,
            split=share,
            base_minor=part_of(whole.base_minor, share, side),
            want_minor=part_of(whole.want_minor, share, side),
            settled_minor=None if whole.settled_minor is None else part_of(whole.settled_minor, share, side),
        )
        for side, beneficiary_id in sides
    ]


def _of_event(order: Order, program: Program, rule: EventRule) -> Entitlement:
    """All of a fixed amount, or nothing: an event has no figures, and nothing of it goes back in part."""
    later = rule.which == "first" and order.order_number != 1
    amount = 0 if later else rule.give.amount_minor
    reason = Reason.NOT_FIRST_EVENT if later else Reason.GRANTED if amount else Reason.NOTHING_DUE
    return _entitled(order, program, rule, base=amount, want=amount, reason=reason)


def _entitlement(order: Order, program: Program, rule: RewardRule, grade: Grade | None) -> Entitlement:
    base, reason = terms(order, rule, currency=program.currency, grade=grade)
    want = what_is_left(base, order, rule)
    if reason is Reason.GRANTED and want < base:
        reason = Reason.REFUNDED if want == 0 else Reason.PARTLY_REFUNDED
    then = order.then
    settled = None
    if then is not None:
        settled = what_is_left(terms(then, rule, currency=program.currency, grade=grade)[0], then, rule)
    return _entitled(order, program, rule, base=base, want=want, reason=reason, settled=settled, grade=grade)


def _entitled(
    order: Order,
    program: Program,
    rule: RewardRule | EventRule | SponsorRule,
    *,
    base: int,
    want: int,
    reason: Reason,
    settled: int | None = None,
    grade: Grade | None = None,
) -> Entitlement:
    if order.program_id is None or order.program_version is None or order.ambassador_id is None:
        raise ValueError(f"order {order.order_id} names no program or ambassador")
    return Entitlement(
        program_id=order.program_id,
        program_version=order.program_version,
        rule=rule.name,
        level=1,
        side="friend" if rule.to == "friend" else "ambassador",
        beneficiary_id=order.friend_id if rule.to == "friend" else order.ambassador_id,
        ambassador_id=order.ambassador_id,
        pay_as=rule.pay_as,
        unit=POINTS if rule.pay_as == "points" else program.currency,
        currency=program.currency,
        hold=timedelta(days=_hold_days(program, rule, grade)),
        limit=rule.limits.per_ambassador,
        base_minor=base,
        want_minor=want,
        reason=reason,
        settled_minor=settled,
        grade=grade,
    )


def _hold_days(program: Program, rule: RewardRule | EventRule | SponsorRule, grade: Grade | None) -> int:
    tier = None if grade is None or program.tiers is None else program.tiers.named(grade.tier)
    return rule.hold_days if tier is None or tier.hold_days is None else tier.hold_days


def terms(order: Order, rule: RewardRule, *, currency: str, grade: Grade | None = None) -> tuple[int, Reason]:
    """What the rule gives on the figures before refunds, multiplied, its limit per order applied; why if nothing."""
    amount, reason = unlimited(order, rule, currency=currency)
    if reason is Reason.GRANTED and not _in_tier(rule, grade):
        return 0, Reason.OTHER_TIER
    amount = amount if grade is None else multiplied(amount, grade)
    if rule.limits.per_order_minor is not None and amount > rule.limits.per_order_minor:
        amount = rule.limits.per_order_minor
    return amount, Reason.NOTHING_DUE if reason is Reason.GRANTED and amount == 0 else reason


def _in_tier(rule: RewardRule, grade: Grade | None) -> bool:
    asked = () if rule.when is None else rule.when.tiers
    return not asked or (grade is not None and folded(asked, grade.tier))


def multiplied(amount: int, grade: Grade) -> int:
    """An amount as a tier has it, rounded half up."""
    return share_half_up(amount, grade.multiplier, 10_000)


def unlimited(order: Order, rule: RewardRule, *, currency: str) -> tuple[int, Reason]:
    """The same without the limit per order and without a tier."""
    if order.currency != currency:
        return 0, Reason.CURRENCY_MISMATCH
    if (why := unmet(order, rule)) is not None:
        return 0, why
    if rule.by_line:
        amount = total_of(gifts_of(order, rule))
    elif isinstance(rule.give, Fixed):
        amount = own_amount(rule, order.earning(order.subtotal_minor))
    else:
        of = order.earning(order.subtotal_minor if rule.give.of == "subtotal" else order.total_minor)
        share = min(rule.give.basis_points + boost_of(order, rule, None), _WHOLE)
        amount = share_half_up(of.numerator, share, _WHOLE * of.denominator)
    return amount, Reason.GRANTED if amount else Reason.NOTHING_DUE


def lines_of(order: Order, rule: RewardRule, currency: str) -> list[tuple[LineGift, int]]:
    """What each line gives before limits and refunds, in whole units that add up; empty where lines do not differ."""
    if not rule.by_line or not (whole := unlimited(order, rule, currency=currency)[0]):
        return []
    gifts = gifts_of(order, rule)
    return list(zip(gifts, spread(whole, gifts), strict=True))


def what_is_left(base_minor: int, order: Order, rule: RewardRule) -> int:
    """The part of `base_minor` that survives all refunds so far, rounded half up once. From everything that was ever
    returned, never refund by refund: a thousand small refunds must end where one large one does. A rule that keeps its
    reward on partial refunds loses it only when nothing is left.
    """
    if order.returned is None and order.total_minor and order.subtotal_minor and rule.on_partial_refund == "share":
        return after_refunds(base_minor, total_minor=order.total_minor, refunded_minor=order.refunded_minor)
    of_total = isinstance(rule.give, Percent) and rule.give.of == "total"
    left = total_left(order) if of_total else goods_left(order, gifts_of(order, rule) if rule.by_line else None)
    if rule.on_partial_refund == "keep":
        return base_minor if left else 0
    return share_half_up(base_minor, left.numerator, left.denominator)


def after_refunds(base_minor: int, *, total_minor: int, refunded_minor: int) -> int:
    """The part of `base_minor` that a mere sum of refunds leaves, rounded half up once; all of it if the total is 0."""
    if total_minor == 0:
        return base_minor
    return share_half_up(base_minor, total_minor - min(refunded_minor, total_minor), total_minor)


def total_left(order: Order) -> Fraction:
    """The share of an order's total that was not given back; 1 if the total is 0, unless it settled as more."""
    back = order.returned
    gone = order.refunded_minor if back is None else back.named_minor + back.bare_minor
    return _rest(order.total_minor, gone) if order.total_minor else Fraction(1 - _emptied(order))


def goods_left(order: Order, gifts: Sequence[LineGift] | None = None) -> Fraction:
    """The share of an order's goods that is still sold: 1 if nothing went back, 0 if nothing is left of the total. A
    refund that says which lines or shipping went back takes back those; a bare sum falls on whatever remains. With
    `gifts`: of what its lines give.
    """
    back = order.returned
    if _emptied(order):
        return Fraction(0)
    if back is None or order.total_minor == 0:
        return total_left(order)
    returned = {line.line_id: line.amount_minor for line in back.lines}
    sold: dict[str | None, int] = {}
    worth: dict[str | None, Fraction | int] = {}
    counted = _counted(order) if gifts is None else [(gift.line, gift.gives) for gift in gifts]
    for line, gives in counted:
        sold[line.line_id] = sold.get(line.line_id, 0) + line.amount_minor
        worth[line.line_id] = worth.get(line.line_id, 0) + gives
    if not sum(sold.values()):
        sold, worth = {None: order.subtotal_minor}, {None: order.subtotal_minor}
    # A line that we do not know is one of those that have no id. Where each has one, its amount is as good as bare.
    known = sold.keys() | {line.line_id for line in order.lines}
    unknown = sum(amount for line_id, amount in returned.items() if line_id not in known)
    moved = 0 if sold.get(None) else unknown
    parts = [
        Part(worth[line_id], amount, unknown if line_id is None else returned.get(line_id, 0))
        for line_id, amount in sold.items()
    ]
    return parts_left(parts) * _rest(order.total_minor - back.named_minor + moved, back.bare_minor + moved)


def _emptied(order: Order) -> bool:
    """Whether an order was edited to nothing, or to no goods, since it settled."""
    if (then := order.then) is None:
        return False
    return order.total_minor == 0 < then.total_minor or order.subtotal_minor == 0 < then.subtotal_minor


def _counted(order: Order) -> list[tuple[Line, int]]:
    return [(line, line.amount_minor) for line in order.lines if line.counts]


def parts_left(parts: Sequence[Part]) -> Fraction:
    """The share of a base that its parts still have: each without what went back of it, in proportion."""
    whole = sum(part.base_minor for part in parts)
    if whole == 0:
        return Fraction(1)
    kept = sum(part.base_minor * _rest(part.gross_minor, part.returned_minor) for part in parts if part.base_minor)
    return Fraction(kept) / whole


def _rest(amount: int, gone: int) -> Fraction:
    """What is left of an amount, as a share of it; 0 if there was none."""
    return Fraction(max(0, amount - gone), amount) if amount > 0 else Fraction(0)


def usable_from(order: Order, hold: timedelta) -> datetime:
    """When the reward becomes available at the earliest: the hold counts 24-hour days from the purchase, and an order
    that settles later holds it longer.
    """
    return max(order.placed_at + hold, order.settled_at or order.placed_at)
