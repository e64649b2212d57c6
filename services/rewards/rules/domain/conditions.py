"""Whether a rule is for an order, by what it asks of it: which of the friend's, of what, when, by whom. Pure."""

from datetime import date, timedelta
from functools import lru_cache

from contracts.program import RewardRule
from contracts.reward_terms import Goods, Span, When
from contracts.sponsors import SponsorRule
from services.rewards.rules.domain.order import Line, Order, Reason


def unmet(order: Order, rule: RewardRule | SponsorRule) -> Reason | None:
    """What of a rule's conditions an order does not meet, the first of them; None where it meets all."""
    if rule.which == "first" and order.order_number != 1:
        return Reason.NOT_FIRST_ORDER
    if rule.span is not None and not _within(order, rule.span):
        return Reason.NOT_THIS_ORDER
    return None if rule.when is None else _unmet(order, rule.when)


def names_product(goods: Goods, line: Line) -> bool:
    """Whether what is sold on a line is named, by its id or SKU."""
    return bool(goods.products) and (folded(goods.products, line.product_id) or folded(goods.products, line.sku))


def names_category(goods: Goods, line: Line) -> bool:
    """Whether its category is named."""
    return bool(goods.categories) and folded(goods.categories, line.category)


def _within(order: Order, span: Span) -> bool:
    if span.nth is not None:
        return order.order_number == span.nth
    if span.orders is not None:
        return order.order_number <= span.orders
    if span.months is None or order.brought_on is None:
        return False
    return _day(order) <= months_after(order.brought_on, span.months)


def _unmet(order: Order, when: When) -> Reason | None:
    if when.min_subtotal_minor is not None and order.subtotal_minor < when.min_subtotal_minor:
        return Reason.BELOW_RULE_MINIMUM
    if (when.products or when.categories) and not any(
        line.counts and (names_product(when, line) or names_category(when, line)) for line in order.lines
    ):
        return Reason.OTHER_GOODS
    known = order.circumstances
    if when.channels and (known is None or not folded(when.channels, known.channel)):
        return Reason.OTHER_CHANNEL
    if when.groups and not folded(when.groups, order.group):
        return Reason.OTHER_GROUP
    if when.roles and (known is None or known.role not in when.roles):
        return Reason.OTHER_ROLE
    if when.countries and (known is None or known.country not in when.countries):
        return Reason.OTHER_COUNTRY
    if when.buyers is not None and (when.buyers == "new") is not order.new_customer:
        return Reason.OTHER_BUYER
    if when.memberships and not any(folded(when.memberships, held) for held in order.memberships):
        return Reason.NOT_A_MEMBER
    return None if between(order, when.first_day, when.last_day) else Reason.OTHER_DAY


def between(order: Order, first: date | None, last: date | None) -> bool:
    """Whether an order was placed on one of these days, where the store is."""
    if first is None and last is None:
        return True
    day = _day(order)
    return (first is None or first <= day) and (last is None or day <= last)


def _day(order: Order) -> date:
    if order.day is None:
        raise ValueError(f"order {order.order_id} has no day, and its rules ask for it")
    return order.day


def folded(names: tuple[str, ...], own: str | None) -> bool:
    """Whether a name is among some, however large its letters are."""
    return own is not None and own.casefold() in _fold(names)


@lru_cache(maxsize=1024)
def _fold(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(first + timedelta(days=day.day - 1), last)
