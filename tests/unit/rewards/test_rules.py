"""What rules give by their own terms, case by case."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.program import Discount
from services.common.periods import local_day, window
from services.rewards.rules.domain import Order, Reason, after_refunds, entitlements, usable_from
from tests.unit.rewards.build import AMBASSADOR_RULE, ANNA, FRIEND_RULE, NOON, at, make_program, make_state


def given(rule: dict[str, Any], *, program_currency: str = "EUR", **state: Any) -> tuple[int, int, Reason]:
    """(before refunds, after, reason) of one rule for one order."""
    [one] = entitlements(Order.of(make_state(**state)), make_program(rule, currency=program_currency))
    return one.base_minor, one.want_minor, one.reason


def percent(basis_points: int, of: str = "subtotal", **more: Any) -> dict[str, Any]:
    return {**AMBASSADOR_RULE, "give": {"kind": "percent", "basis_points": basis_points, "of": of}, **more}


@pytest.mark.parametrize(
    ("rule", "state", "want"),
    [
        (FRIEND_RULE, {}, 1000),
        (percent(1000), {}, 460),
        (percent(1000, "total"), {}, 509),
        (percent(10_000, "total"), {}, 5090),
        (percent(1), {"subtotal_minor": 4999}, 0),
        (percent(1), {"subtotal_minor": 5000}, 1),  # 0.5 is rounded up
        (percent(3333), {"subtotal_minor": 100}, 33),
        (percent(1000, limits={"per_order_minor": 300}), {}, 300),
        (percent(1000, limits={"per_order_minor": 0}), {}, 0),
        (percent(1000), {"subtotal_minor": 0}, 0),
        (FRIEND_RULE, {"total_minor": 0, "subtotal_minor": 0}, 1000),
        (FRIEND_RULE, {"order_number": 2}, 0),
        (percent(1000), {"order_number": 2}, 460),
        (FRIEND_RULE, {"currency": "USD"}, 0),
    ],
)
def test_terms_give(rule: dict[str, Any], state: dict[str, Any], want: int) -> None:
    assert given(rule, **state)[1] == want


@pytest.mark.parametrize(
    ("benefit", "sides"),
    [
        (None, ["friend", "ambassador"]),
        ("credit", ["friend", "ambassador"]),
        ("both", ["friend", "ambassador"]),
        ("discount", ["ambassador"]),
        ("none", ["ambassador"]),
    ],
)
def test_a_friend_is_owed_something_only_where_a_credit_serves_them(benefit: str | None, sides: list[str]) -> None:
    off = Discount.model_validate({"give": {"kind": "fixed", "amount_minor": 500}})
    program = make_program().model_copy(update={"friend_benefit": benefit, "discount": off})
    assert [one.side for one in entitlements(Order.of(make_state()), program)] == sides


@pytest.mark.parametrize(
    ("refunded", "want", "reason"),
    [
        (0, 460, Reason.GRANTED),
        (1, 460, Reason.GRANTED),  # too little to move a cent
        (2545, 230, Reason.PARTLY_REFUNDED),
        (5089, 0, Reason.REFUNDED),
        (5090, 0, Reason.REFUNDED),
        (99_999, 0, Reason.REFUNDED),  # an over-refund counts as a full one
    ],
)
def test_refunds_lower_in_proportion_to_the_total(refunded: int, want: int, reason: Reason) -> None:
    assert given(percent(1000), refunded_minor=refunded) == (460, want, reason)


def test_the_limit_per_order_applies_before_refunds() -> None:
    capped = percent(1000, limits={"per_order_minor": 300})
    assert given(capped, refunded_minor=2545) == (300, 150, Reason.PARTLY_REFUNDED)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"cancelled": True}, Reason.CANCELLED),
        ({"rejected_by_person": True}, Reason.REJECTED_BY_PERSON),
        ({"status": "unattributed"}, Reason.NOT_ATTRIBUTED),
        ({"status": "rejected"}, Reason.NOT_ATTRIBUTED),
        ({"status": "pending"}, Reason.NOT_ATTRIBUTED),
        ({"ambassador_id": None}, Reason.NOT_ATTRIBUTED),
    ],
)
def test_an_order_that_does_not_stand_earns_nothing(state: dict[str, Any], reason: Reason) -> None:
    order = Order.of(make_state(**state))
    assert order.refusal is reason
    assert entitlements(order, make_program()) == []


@pytest.mark.parametrize(
    ("rule", "state", "reason"),
    [
        (FRIEND_RULE, {"order_number": 2}, Reason.NOT_FIRST_ORDER),
        (FRIEND_RULE, {"currency": "USD"}, Reason.CURRENCY_MISMATCH),
        (percent(1000), {"subtotal_minor": 0}, Reason.NOTHING_DUE),
    ],
)
def test_nothing_due_has_a_reason(rule: dict[str, Any], state: dict[str, Any], reason: Reason) -> None:
    assert given(rule, **state) == (0, 0, reason)


def test_whole_yen_and_thousandths_of_a_dinar_are_minor_units_like_any_other() -> None:
    assert given(percent(750), program_currency="JPY", currency="JPY", total_minor=999, subtotal_minor=999)[1] == 75
    assert (
        given(percent(750), program_currency="KWD", currency="KWD", total_minor=12_345, subtotal_minor=12_345)[1] == 926
    )
    assert (
        given(
            percent(750),
            program_currency="KWD",
            currency="KWD",
            total_minor=12_345,
            subtotal_minor=12_345,
            refunded_minor=1,
        )[1]
        == 926
    )


def test_a_thousand_small_refunds_end_where_one_large_one_does() -> None:
    assert [after_refunds(333, total_minor=1000, refunded_minor=n) for n in (0, 500, 999, 1000)] == [333, 167, 0, 0]
    assert after_refunds(5, total_minor=100, refunded_minor=10) == 5
    assert after_refunds(333, total_minor=0, refunded_minor=0) == 333


def test_points_are_a_unit_of_their_own() -> None:
    [one] = entitlements(Order.of(make_state()), make_program({**FRIEND_RULE, "pay_as": "points"}))
    assert (one.unit, one.want_minor, one.currency) == ("points", 1000, "EUR")


def test_each_side_gets_its_own() -> None:
    friend, ambassador = entitlements(Order.of(make_state("7")), make_program())
    assert (friend.beneficiary_id, ambassador.beneficiary_id) == ("friend-7", ANNA)
    assert friend.ambassador_id == ANNA


@pytest.mark.parametrize(
    ("period", "day", "first", "last"),
    [
        ("day", date(2026, 3, 29), date(2026, 3, 29), date(2026, 3, 29)),
        ("week", date(2026, 11, 22), date(2026, 11, 16), date(2026, 11, 22)),
        ("week", date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 29)),
        ("week", date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3)),
        ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        ("month", date(2026, 1, 31), date(2026, 1, 1), date(2026, 1, 31)),
        ("year", date(2026, 6, 1), date(2026, 1, 1), date(2026, 12, 31)),
        ("ever", date(2026, 6, 1), date.min, date.max),
    ],
)
def test_periods_are_whole_calendar_ones(period: str, day: date, first: date, last: date) -> None:
    assert window(period, day) == (first, last)


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (at("2026-10-31T22:30"), "Europe/Chisinau", date(2026, 11, 1)),  # winter time: two hours ahead
        (at("2026-03-31T21:30"), "Europe/Chisinau", date(2026, 4, 1)),  # summer time: three hours ahead
        (at("2026-10-24T21:30"), "Europe/Chisinau", date(2026, 10, 25)),
        (at("2026-10-25T00:30"), "Europe/Chisinau", date(2026, 10, 25)),  # 03:30 summer time
        (at("2026-10-25T01:30"), "Europe/Chisinau", date(2026, 10, 25)),  # 03:30 once more, winter time
        (at("2026-10-25T22:30"), "Europe/Chisinau", date(2026, 10, 26)),
        (at("2026-11-01T06:30"), "America/Los_Angeles", date(2026, 10, 31)),
        (at("2026-12-31T10:30"), "Pacific/Kiritimati", date(2027, 1, 1)),
    ],
)
def test_the_day_is_the_stores_own(moment: datetime, zone: str, day: date) -> None:
    assert local_day(moment, ZoneInfo(zone)) == day


def test_the_hold_is_counted_in_days_of_24_hours_from_the_purchase_but_never_ends_before_settling() -> None:
    hold = timedelta(days=14)
    across_the_change = at("2026-10-20T12:00", "Europe/Chisinau")
    order = Order.of(make_state(placed_at=across_the_change))
    assert usable_from(order, hold) - across_the_change.astimezone(ZoneInfo("UTC")) == timedelta(hours=14 * 24)
    late = Order.of(make_state(settled_at=NOON + timedelta(days=20)))
    early = Order.of(make_state(settled_at=NOON + timedelta(minutes=10)))
    assert usable_from(late, hold) == NOON + timedelta(days=20)
    assert usable_from(early, hold) == NOON + timedelta(days=14)
