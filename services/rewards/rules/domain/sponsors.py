"""What a rule gives the sponsors of an ambassador for an order, level by level. Pure.

All levels together never get more than the rule's share of the order, rounded down, at the purchase and of what refunds
leave. Each is rounded half up, level 1 first; the one that would pass it gets what is left.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from msgspec import Struct

from contracts.events.conversions import Sponsor
from contracts.sponsors import SponsorRule
from services.common.money import share_half_up
from services.rewards.rules.domain.conditions import unmet
from services.rewards.rules.domain.order import Order, Reason

_WHOLE = 10_000


class LevelGift(Struct, frozen=True):
    """What one level gets of an order: before refunds, after them, and why."""

    sponsor: Sponsor
    level: int
    base_minor: int
    want_minor: int
    reason: Reason
    settled_minor: int | None
    """What it was when the order settled, where the order is reported to have been another then."""
    active: bool | None
    """Whether the sponsor counted as active when this was first decided; None where the rule does not ask."""


def gifts_to_sponsors(
    order: Order,
    rule: SponsorRule,
    currency: str,
    left: Callable[[Order], Fraction],
    active: Mapping[tuple[str, str], bool],
) -> Iterator[LevelGift]:
    """What each sponsor of the order gets, level 1 first. `left` says what share of an order refunds have left, and
    `active` by (rule, sponsor) who counts as active; whom it does not name is.
    """
    known = order.circumstances
    sponsors = () if known is None else known.sponsors or ()
    why = Reason.CURRENCY_MISMATCH if order.currency != currency else unmet(order, rule)
    bases = _bases(order, rule) if why is None else [0] * len(rule.levels)
    wants = _wants(bases, order, rule, left(order))
    then = None
    if order.then is not None:
        before = _bases(order.then, rule) if why is None else bases
        then = _wants(before, order.then, rule, left(order.then))
    for at, sponsor in enumerate(sponsors[: len(rule.levels)]):
        is_active = active.get((rule.name, sponsor.ambassador_id), True) if rule.active_days is not None else None
        want, reason = wants[at], why or (Reason.GRANTED if bases[at] else Reason.NOTHING_DUE)
        if bases[at] and sponsor.status != "active":
            want, reason = 0, Reason.SPONSOR_BLOCKED
        elif bases[at] and is_active is False:
            want, reason = 0, Reason.SPONSOR_INACTIVE
        elif reason is Reason.GRANTED and want < bases[at]:
            reason = Reason.PARTLY_REFUNDED if want else Reason.REFUNDED
        yield LevelGift(sponsor, at + 1, bases[at], want, reason, None if then is None else then[at], is_active)


def shared_minor(order: Order, rule: SponsorRule) -> Fraction | int:
    """The figure of the order of which levels get their shares: without what store credit paid."""
    return order.earning(order.subtotal_minor if rule.of == "subtotal" else order.total_minor)


def _bases(order: Order, rule: SponsorRule) -> list[int]:
    of = Fraction(shared_minor(order, rule))
    room = _floor(of * rule.most_basis_points / _WHOLE)
    if rule.limits.per_order_minor is not None:
        room = min(room, rule.limits.per_order_minor)
    found = []
    for share in rule.levels:
        found.append(min(share_half_up(of.numerator, share, _WHOLE * of.denominator), room))
        room -= found[-1]
    return found


def _wants(bases: list[int], order: Order, rule: SponsorRule, left: Fraction) -> list[int]:
    room = _floor(Fraction(shared_minor(order, rule)) * rule.most_basis_points * left / _WHOLE)
    found = []
    for base in bases:
        found.append(min(share_half_up(base, left.numerator, left.denominator), room))
        room -= found[-1]
    return found


def _floor(amount: Fraction) -> int:
    return amount.numerator // amount.denominator
