"""What was told of refunds, put together: each refund once, in its newest report, in the order's own currency."""

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from contracts.events.conversions import Returned
from contracts.events.orders import Figures, Item, OrderRefunded
from services.attribution.decisions.domain.refunds import refunds_of
from tests.support.attribution import at, figures, refund

ORDER = Figures(
    status="paid",
    currency="EUR",
    total_minor=6000,
    subtotal_minor=5000,
    shipping_minor=1000,
    items=(Item(line_id="a", amount_minor=3000), Item(line_id="b", amount_minor=2000)),
)


def report(amount: int, *, when: datetime | None = None, **more: Any) -> OrderRefunded:
    lines = tuple({"line_id": line_id, "amount_minor": minor} for line_id, minor in more.pop("lines", ()))
    base = refund(amount, refund_id=more.pop("refund_id", "rf_1"), when=when)
    changed = base.model_dump() | more | {"lines": lines, "fact_id": f"{amount}{when}{lines}{more}"}
    return OrderRefunded.model_validate(changed)


def outcome(*reported: OrderRefunded) -> tuple[int, Returned | None, tuple[tuple[str, int], ...]]:
    """The same whatever came first."""
    found = {repr(refunds_of(order, ORDER)): refunds_of(order, ORDER) for order in permutations(reported)}
    [one] = found.values()
    return one.sum_minor, one.returned, one.foreign


def test_bare_sums_say_nothing_more() -> None:
    assert outcome(report(1000), report(500, refund_id="rf_2")) == (1500, None, ())


def test_the_newest_telling_of_a_refund_holds_and_may_be_lower_or_a_failure() -> None:
    first, lower = report(1000), report(600, updated_at=at(days=2))
    assert outcome(first, lower)[0] == 600
    assert outcome(first, lower, report(600, updated_at=at(days=3), status="failed"))[0] == 0
    assert outcome(report(1000, when=at(days=1)), report(600, when=at(days=2)))[0] == 600


def test_at_one_moment_a_failure_then_the_detail_then_the_larger_sum_holds() -> None:
    bare, reported = report(1500), report(1000, lines=[("a", 1000)])
    sum_minor, returned, _ = outcome(bare, reported)
    assert (sum_minor, returned and returned.lines[0].amount_minor) == (1000, 1000)
    assert outcome(bare, reported, report(1000, status="failed"))[0] == 0
    assert outcome(report(1000), report(700))[0] == 1000


def test_an_amount_in_another_currency_is_known_and_subtracted_from_nothing() -> None:
    assert outcome(report(8000, currency="JPY")) == (0, None, (("JPY", 8000),))
    assert outcome(report(8000, currency="JPY"), report(5000, currency="EUR", updated_at=at(days=2))) == (
        5000,
        None,
        (),
    )
    assert outcome(report(800, currency="XTS"), report(500, refund_id="rf_2")) == (500, None, (("XTS", 800),))


def test_lines_and_shipping_are_added_up_over_all_refunds() -> None:
    _, returned, _ = outcome(
        report(1200, lines=[("a", 1000)]),
        report(2500, refund_id="rf_2", lines=[("a", 2500)]),
        report(1000, refund_id="rf_3", shipping_minor=1000),
        report(50, refund_id="rf_4"),
    )
    assert returned is not None
    assert [(line.line_id, line.amount_minor) for line in returned.lines] == [("a", 3000)], "no more than was sold"
    assert (returned.shipping_minor, returned.named_minor, returned.bare_minor) == (1000, 4700, 50)


def test_goods_that_came_back_for_less_count_in_full() -> None:
    _, returned, _ = outcome(report(2500, lines=[("a", 3000)]))
    assert returned is not None
    assert returned.named_minor == 3000


@pytest.mark.parametrize("lines", [[("gone", 1500)], [("gone", 1500), ("a", 1000)]])
def test_a_line_that_was_edited_out_of_the_order_has_lowered_it_already(lines: list[tuple[str, int]]) -> None:
    amount = sum(minor for _, minor in lines)
    returned = refunds_of([report(amount, lines=lines)], ORDER, removed=frozenset({"gone"})).returned
    assert returned is not None
    assert (returned.named_minor, len(returned.lines)) == (amount - 1500, len(lines) - 1)


def test_a_refund_without_lines_of_an_order_without_any() -> None:
    assert refunds_of([refund(100)], figures()).returned is None
