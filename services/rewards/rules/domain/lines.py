"""What each line of an order gives, under a rule with other terms for some goods or boosts of categories. Pure.

Exact, so that lines add up to the whole, in whatever order they come: what they give together is rounded once.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from contracts.program import Percent, RewardRule
from contracts.reward_terms import Boost, ShareOf, Term
from services.rewards.rules.domain.conditions import between, folded, names_category, names_product
from services.rewards.rules.domain.order import Line, Order

_WHOLE = 10_000


class LineGift(Struct, frozen=True):
    """What a line gives before refunds and limits, and why so much."""

    line: Line
    gives: Fraction
    term: Term | None
    """The term that won; None where it is the rule's own gift."""
    by: Literal["product", "category", "rule"]
    basis_points: int | None
    """The share that it gives, boosts included; None for a fixed amount."""
    boost: int
    """Basis points that boosts add to that share."""


def gifts_of(order: Order, rule: RewardRule) -> list[LineGift]:
    """What each line gives that is part of the subtotal and costs something. Where the subtotal is not their sum, each
    has its part of the subtotal; where no lines were reported, the whole is one that no term names.
    """
    lines = [line for line in order.lines if line.counts and line.amount_minor]
    if not lines:
        lines = [Line(None, order.subtotal_minor)] if order.subtotal_minor else []
    goods, earning = sum(line.amount_minor for line in lines), order.earning(order.subtotal_minor)
    found = [(line, *term_for(rule, line)) for line in lines]
    rest = sum(line.amount_minor for line, term, _ in found if term is None)
    own = own_amount(rule, Fraction(rest * earning, goods)) if rest else 0
    gifts = []
    for line, term, by in found:
        give = rule.give if term is None else term.give
        if isinstance(give, Percent | ShareOf):
            boost = boost_of(order, rule, line)
            share = min(give.basis_points + boost, _WHOLE)
            gives = Fraction(line.amount_minor * earning * share, goods * _WHOLE)
            gifts.append(LineGift(line, gives, term, by, share, boost))
        elif term is None:
            gifts.append(LineGift(line, Fraction(own * line.amount_minor, rest), term, by, None, 0))
        else:
            gifts.append(LineGift(line, Fraction(give.amount_minor * line.quantity), term, by, None, 0))
    return gifts


def term_for(rule: RewardRule, line: Line) -> tuple[Term | None, Literal["product", "category", "rule"]]:
    """The best term for a line: one that names its product, else one that names its category, else none."""
    for term in rule.terms:
        if names_product(term, line):
            return term, "product"
    for term in rule.terms:
        if names_category(term, line):
            return term, "category"
    return None, "rule"


def own_amount(rule: RewardRule, of_minor: Fraction | int) -> int:
    """What a rule's own fixed gift comes to for so much of the subtotal: once, or for each unit that it holds."""
    if isinstance(rule.give, Percent):
        return 0
    times = 1 if rule.per_minor is None else of_minor // rule.per_minor
    return rule.give.amount_minor * times


def boost_of(order: Order, rule: RewardRule, line: Line | None) -> int:
    """Basis points that boosts of the day add for a line; of those for all goods, where there is none."""
    return sum(boost.basis_points for boost in rule.boosts if _boosts(boost, order, line))


def _boosts(boost: Boost, order: Order, line: Line | None) -> bool:
    if boost.groups and not folded(boost.groups, order.group):
        return False
    if boost.categories and (line is None or not folded(boost.categories, line.category)):
        return False
    return between(order, boost.first_day, boost.last_day)


def total_of(gifts: Iterable[LineGift]) -> int:
    """What they give together, rounded half up once."""
    whole = sum((gift.gives for gift in gifts), Fraction(0))
    return (2 * whole.numerator + whole.denominator) // (2 * whole.denominator)


def spread(amount_minor: int, gifts: Sequence[LineGift]) -> list[int]:
    """An amount over the lines, in proportion to what they give; odd units go where most was cut off."""
    whole = sum((gift.gives for gift in gifts), Fraction(0))
    if not whole:
        return [0] * len(gifts)
    exact = [gift.gives * amount_minor / whole for gift in gifts]
    floors = [part.numerator // part.denominator for part in exact]
    odd = amount_minor - sum(floors)
    first = sorted(range(len(gifts)), key=lambda at: (floors[at] - exact[at], at))[:odd]
    return [floor + (at in first) for at, floor in enumerate(floors)]
