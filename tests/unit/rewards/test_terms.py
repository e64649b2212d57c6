"""When a rule gives something, for which of a friend's orders, and what lines and days change of it."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from contracts.events.conversions import Circumstances, Returned, ReturnedLine
from contracts.events.orders import Figures, Item
from contracts.program import RewardRule
from services.rewards.rules.domain import Entitlement, Order, Reason, entitlements, lines_of
from tests.unit.rewards.build import AMBASSADOR_RULE, make_program, make_state

CHISINAU = ZoneInfo("Europe/Chisinau")
TENTH: dict[str, Any] = {**AMBASSADOR_RULE, "pay_as": "store_credit"}
SHOES: dict[str, Any] = {"categories": ["Shoes"], "give": {"kind": "percent", "basis_points": 2000}}
BOOTS: dict[str, Any] = {"products": ["boots-1"], "give": {"kind": "fixed", "amount_minor": 500}}


def item(amount_minor: int, line_id: str | None = None, **more: Any) -> Item:
    return Item(amount_minor=amount_minor, line_id=line_id, **more)


def order_of(*items: Item, subtotal_minor: int | None = None, **more: Any) -> Order:
    """An order of these lines; what is left out is as `make_state` has it."""
    if not items:
        if subtotal_minor is not None:
            more["subtotal_minor"] = subtotal_minor
        return Order.of(make_state(**more))
    state = make_state(**more)
    goods = sum(one.amount_minor for one in items if not one.gift_card) if subtotal_minor is None else subtotal_minor
    total = sum(one.amount_minor for one in items)
    figures = Figures(status="paid", currency="EUR", total_minor=total, subtotal_minor=goods, items=items)
    return Order.of(state.model_copy(update={"figures": figures}))


def one_of(rule: dict[str, Any], order: Order, zone: ZoneInfo = CHISINAU) -> Entitlement:
    program = make_program(rule)
    [one] = entitlements(order.in_zone(zone) if program.by_day else order, program)
    return one


def given(rule: dict[str, Any], order: Order, zone: ZoneInfo = CHISINAU) -> tuple[int, Reason]:
    one = one_of(rule, order, zone)
    return one.want_minor, one.reason


def stood(**known: Any) -> Order:
    """An order of which something is known of the moment when it was placed."""
    return order_of(circumstances=Circumstances(**known))


def placed(moment: str, **more: Any) -> Order:
    return order_of(placed_at=datetime.fromisoformat(moment).replace(tzinfo=UTC), **more)


@pytest.mark.parametrize(
    ("when", "order", "reason"),
    [
        ({"min_subtotal_minor": 4600}, order_of(), Reason.GRANTED),
        ({"min_subtotal_minor": 4601}, order_of(), Reason.BELOW_RULE_MINIMUM),
        ({"products": ["p1"]}, order_of(), Reason.OTHER_GOODS),
        ({"products": ["p1"]}, order_of(item(5000, product_id="p2"), item(100, product_id="P1")), Reason.GRANTED),
        ({"products": ["p1"]}, order_of(item(5000, sku="p1")), Reason.GRANTED),
        ({"products": ["p1"]}, order_of(item(5000), item(100, product_id="p1", gift_card=True)), Reason.OTHER_GOODS),
        ({"products": ["p1"], "categories": ["ties"]}, order_of(item(5000, category="Ties")), Reason.GRANTED),
        ({"categories": ["Ties"]}, order_of(item(5000, category="Shoes")), Reason.OTHER_GOODS),
        ({"channels": ["telegram"]}, stood(channel="telegram"), Reason.GRANTED),
        ({"channels": ["telegram"]}, stood(channel="qr"), Reason.OTHER_CHANNEL),
        ({"channels": ["telegram"]}, stood(), Reason.OTHER_CHANNEL),
        ({"channels": ["telegram"]}, order_of(), Reason.OTHER_CHANNEL),
        ({"groups": ["VIP"]}, stood(group="vip"), Reason.GRANTED),
        ({"groups": ["VIP"]}, stood(group="Staff"), Reason.OTHER_GROUP),
        ({"roles": ["partner", "advocate"]}, stood(role="advocate"), Reason.GRANTED),
        ({"roles": ["partner"]}, stood(role="advocate"), Reason.OTHER_ROLE),
        ({"roles": ["partner"]}, order_of(), Reason.OTHER_ROLE),
        ({"countries": ["MD", "RO"]}, stood(country="RO"), Reason.GRANTED),
        ({"countries": ["MD"]}, stood(country="RO"), Reason.OTHER_COUNTRY),
        ({"countries": ["MD"]}, stood(), Reason.OTHER_COUNTRY),
        ({"countries": ["MD"]}, order_of(), Reason.OTHER_COUNTRY),
        ({"buyers": "new"}, order_of(new_customer=True), Reason.GRANTED),
        ({"buyers": "new"}, order_of(new_customer=False), Reason.OTHER_BUYER),
        ({"buyers": "returning"}, order_of(new_customer=False), Reason.GRANTED),
        ({"buyers": "returning"}, order_of(new_customer=True), Reason.OTHER_BUYER),
        ({"min_subtotal_minor": 9999, "groups": ["VIP"]}, stood(), Reason.BELOW_RULE_MINIMUM),
        # The last second of 30 November where the store is, which is two hours ahead, and the first of 1 December.
        ({"first_day": "2026-12-01"}, placed("2026-11-30T21:59:59"), Reason.OTHER_DAY),
        ({"first_day": "2026-12-01"}, placed("2026-11-30T22:00:00"), Reason.GRANTED),
        ({"last_day": "2026-11-30"}, placed("2026-11-30T21:59:59"), Reason.GRANTED),
        ({"last_day": "2026-11-30"}, placed("2026-11-30T22:00:00"), Reason.OTHER_DAY),
    ],
)
def test_a_rule_gives_nothing_where_the_order_is_not_what_it_asks_for(
    when: dict[str, Any], order: Order, reason: Reason
) -> None:
    want, why = given({**TENTH, "when": when}, order)
    assert (bool(want), why) == (reason is Reason.GRANTED, reason)


@pytest.mark.parametrize(
    ("span", "number", "gives"),
    [
        ({"nth": 3}, 2, False),
        ({"nth": 3}, 3, True),
        ({"nth": 3}, 4, False),
        ({"orders": 3}, 1, True),
        ({"orders": 3}, 3, True),
        ({"orders": 3}, 4, False),
    ],
)
def test_a_rule_can_be_for_some_orders_of_a_friend(span: dict[str, int], number: int, gives: bool) -> None:
    reason = Reason.GRANTED if gives else Reason.NOT_THIS_ORDER
    assert given({**TENTH, "span": span}, order_of(order_number=number))[1] is reason


@pytest.mark.parametrize(
    ("brought", "months", "placed_at", "gives"),
    [
        ("2026-01-15T12:00", 6, "2026-01-15T12:00", True),
        ("2026-01-15T12:00", 6, "2026-07-15T20:59", True),  # 23:59 in Chisinau
        ("2026-01-15T12:00", 6, "2026-07-15T21:00", False),  # 00:00 of 16 July there
        ("2026-01-14T22:30", 6, "2026-07-15T12:00", True),  # half past midnight of the 15th there
        ("2026-08-31T12:00", 6, "2027-02-28T12:00", True),  # a month without a 31st ends with its last day
        ("2026-08-31T12:00", 6, "2027-03-01T12:00", False),
    ],
)
def test_a_friend_is_bound_for_some_months(brought: str, months: int, placed_at: str, gives: bool) -> None:
    known = Circumstances(brought_at=datetime.fromisoformat(brought).replace(tzinfo=UTC))
    order = placed(placed_at, circumstances=known, order_number=4)
    reason = Reason.GRANTED if gives else Reason.NOT_THIS_ORDER
    assert given({**TENTH, "span": {"months": months}}, order)[1] is reason
    assert given({**TENTH, "span": {"months": months}}, placed(placed_at))[1] is Reason.NOT_THIS_ORDER


@pytest.mark.parametrize(("subtotal", "want"), [(4999, 0), (5000, 1), (14_999, 2), (15_000, 3), (0, 0)])
def test_an_amount_for_each_so_many_of_the_subtotal(subtotal: int, want: int) -> None:
    rule = {**TENTH, "give": {"kind": "fixed", "amount_minor": 1}, "per_minor": 5000, "pay_as": "points"}
    assert given(rule, order_of(total_minor=20_000, subtotal_minor=subtotal))[0] == want


@pytest.mark.parametrize(
    ("terms", "items", "lines"),
    [
        # A product goes before a category, that before the rule's own tenth; a fixed amount is for each piece.
        ([SHOES, BOOTS], [item(1000)], [100]),
        ([SHOES, BOOTS], [item(1000, category="shoes"), item(1000)], [200, 100]),
        ([SHOES, BOOTS], [item(9000, product_id="boots-1", category="Shoes", quantity=2), item(10)], [1000, 1]),
        ([BOOTS, SHOES], [item(9000, sku="BOOTS-1", category="Shoes"), item(50, category="Shoes")], [500, 10]),
        # What costs nothing, and what is no part of the subtotal, gives nothing.
        ([BOOTS], [item(0, product_id="boots-1"), item(1000)], [100]),
        ([SHOES], [item(1000, category="Shoes", gift_card=True), item(1000)], [100]),
        ([{**SHOES, "give": {"kind": "percent", "basis_points": 0}}], [item(1000, category="Shoes"), item(10)], [0, 1]),
    ],
)
def test_the_best_term_wins_line_by_line(terms: list[dict[str, Any]], items: list[Item], lines: list[int]) -> None:
    rule, order = {**TENTH, "terms": terms}, order_of(*items)
    assert one_of(rule, order).want_minor == sum(lines)
    assert [gives for _, gives in lines_of(order, RewardRule.model_validate(rule), "EUR")] == lines


def test_lines_share_what_was_taken_off_the_whole_order() -> None:
    order = order_of(item(6000, category="Shoes"), item(4000), subtotal_minor=8000)
    assert one_of({**TENTH, "terms": [SHOES]}, order).want_minor == 960 + 320


def test_an_order_without_lines_is_one_that_no_term_names() -> None:
    assert one_of({**TENTH, "terms": [SHOES]}, order_of()).want_minor == 460


def test_a_fixed_gift_is_given_once_where_something_is_sold_that_no_term_names() -> None:
    rule = {**TENTH, "give": {"kind": "fixed", "amount_minor": 300}, "terms": [SHOES]}
    assert one_of(rule, order_of(item(1000, category="Shoes"), item(10), item(20))).want_minor == 500
    assert one_of(rule, order_of(item(1000, category="Shoes"))).want_minor == 200


def test_a_refund_takes_back_what_its_lines_gave() -> None:
    """Of 1,000 in shoes at 20 % and 1,000 of all else at 10 %."""
    rule = {**TENTH, "terms": [SHOES]}
    items = [item(1000, "a", category="Shoes"), item(1000, "b")]

    def left(lines: dict[str, int], **more: Any) -> int:
        back = Returned(
            lines=tuple(ReturnedLine(line_id=line, amount_minor=amount) for line, amount in lines.items()),
            named_minor=sum(lines.values()),
            **more,
        )
        state: dict[str, Any] = {"refunded_minor": back.named_minor + back.bare_minor, "returned": back}
        return one_of({**rule, "limits": {"per_order_minor": 240}}, order_of(*items, **state)).want_minor

    assert left({}) == 240
    assert left({"a": 1000}) == 80  # a third of what the lines gave, of the 240 that the limit left
    assert left({"b": 1000}) == 160
    assert left({"b": 500}) == 200
    assert left({"a": 1000, "b": 1000}) == 0
    assert left({"a": 1000}, bare_minor=500) == 40


BOOST: dict[str, Any] = {"first_day": "2026-12-01", "last_day": "2026-12-03", "basis_points": 500}


@pytest.mark.parametrize(
    ("boosts", "order", "want"),
    [
        ([BOOST], placed("2026-11-30T21:59:59"), 460),  # the day before, to its last second
        ([BOOST], placed("2026-11-30T22:00:00"), 690),  # 00:00 in the store's zone
        ([BOOST], placed("2026-12-03T21:59:59"), 690),
        ([BOOST], placed("2026-12-03T22:00:00"), 460),
        ([BOOST, {**BOOST, "basis_points": 100}], placed("2026-12-02T12:00"), 736),
        ([{**BOOST, "basis_points": 9500}], placed("2026-12-02T12:00"), 4600),  # never more than the whole
        ([{**BOOST, "groups": ["VIP"]}], placed("2026-12-02T12:00"), 460),
        ([{**BOOST, "groups": ["VIP"]}], placed("2026-12-02T12:00", circumstances=Circumstances(group="VIP")), 690),
        ([{**BOOST, "categories": ["Shoes"]}], placed("2026-12-02T12:00"), 460),
    ],
)
def test_a_boost_adds_to_the_percentage_on_its_days(boosts: list[dict[str, Any]], order: Order, want: int) -> None:
    assert given({**TENTH, "boosts": boosts}, order)[0] == want


def test_a_boost_of_a_category_is_for_its_lines_and_adds_to_the_term_that_won() -> None:
    items = (item(1000, category="Shoes"), item(1000, category="Ties"), item(1000, product_id="boots-1"))
    day = datetime(2026, 12, 2, 12, tzinfo=UTC)
    order = order_of(*items, placed_at=day)
    boosted = [{**BOOST, "categories": ["Shoes"]}]
    assert one_of({**TENTH, "boosts": boosted}, order).want_minor == 150 + 100 + 100
    assert one_of({**TENTH, "terms": [SHOES, BOOTS], "boosts": boosted}, order).want_minor == 250 + 100 + 500
    assert one_of({**TENTH, "terms": [SHOES, BOOTS], "boosts": [BOOST]}, order).want_minor == 250 + 150 + 500


@pytest.mark.parametrize(
    ("changed", "path", "text"),
    [
        ({"which": "first", "span": {"nth": 2}}, "span", "set which to every"),
        ({"span": {"nth": 2, "months": 3}}, "span", "give one of"),
        ({"span": {"nth": 1}}, "span.nth", "greater than or equal to 2"),
        ({"when": {"categories": ["A", "a"]}}, "when.categories", "twice"),
        ({"when": {"first_day": "2026-12-02", "last_day": "2026-12-01"}}, "when.last_day", "ends before it begins"),
        ({"when": {"first_day": "2026-12-01T00:00:00Z"}}, "when.first_day", "write a day as"),
        ({"when": {"first_day": 1}}, "when.first_day", "write a day as"),
        ({"when": {"country": "MD"}}, "when.country", "Extra inputs"),
        ({"when": {"countries": ["MD", "XX"]}}, "when.countries.1", "XX is no country's code"),
        ({"when": {"countries": ["md"]}}, "when.countries.0", "should match pattern"),
        ({"when": {"countries": ["MD", "RO", "MD"]}}, "when.countries", "names 'MD' twice"),
        ({"per_minor": 1000}, "per_minor", "give a fixed amount"),
        ({"terms": [SHOES, SHOES]}, "terms", "1.categories names 'shoes'"),
        ({"terms": [{"give": SHOES["give"]}]}, "terms.0", "name them"),
        ({"give": {"kind": "percent", "basis_points": 100, "of": "total"}, "terms": [SHOES]}, "terms", "subtotal"),
        (
            {"give": {"kind": "fixed", "amount_minor": 1}, "on_partial_refund": "keep", "terms": [SHOES]},
            "terms",
            "set on_partial_refund to share",
        ),
        ({"boosts": [{**BOOST, "last_day": "2026-11-30"}]}, "boosts.0.last_day", "ends before it begins"),
        ({"give": {"kind": "fixed", "amount_minor": 1}, "boosts": [BOOST]}, "boosts", "the rule has none"),
        (
            {
                "give": {"kind": "percent", "basis_points": 100, "of": "total"},
                "boosts": [{**BOOST, "categories": ["Shoes"]}],
            },
            "boosts",
            "subtotal",
        ),
    ],
)
def test_each_mistake_has_its_path(changed: dict[str, Any], path: str, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RewardRule.model_validate({**TENTH, **changed})
    [error] = [one for one in refused.value.errors() if "fixed" not in one["loc"]]
    assert ".".join(str(part) for part in error["loc"]) == path
    assert text in error["msg"]
