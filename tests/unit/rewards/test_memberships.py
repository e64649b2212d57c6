"""Memberships: from what somebody bought to when they hold it, by days and by the store's calendar, however purchases
overlap and whenever they are undone; and what programs may say of it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.conversions import Conversion, Returned, ReturnedLine
from contracts.events.orders import Figures, Item
from contracts.program import Program
from services.rewards.memberships.domain import (
    Held,
    Purchase,
    bought_with,
    held_at,
    spans_of,
    standing,
    why_changed,
)
from services.rewards.rules.domain import Order, Reason, entitlements
from tests.unit.rewards.build import AMBASSADOR_RULE, NOON, PROGRAM, STORE, make_program, make_state

CLUB: dict[str, Any] = {"name": "Club", "bought_by": {"products": ["club-1"]}, "lasts": {"days": 30}}
MEMBERS: dict[str, Any] = AMBASSADOR_RULE | {"name": "members", "when": {"memberships": ["club"]}}


def with_club(*rules: dict[str, Any], **changed: Any) -> Program:
    """A program with a club that one product buys for 30 days; without rules, members get a tenth."""
    basis = make_program().model_dump(mode="json", exclude={"rewards"})
    return Program.model_validate(basis | {"rewards": list(rules or (MEMBERS,)), "memberships": [CLUB], **changed})


def club_order(order_id: str, at: datetime = NOON, *, other_minor: int = 0, **changed: Any) -> Conversion:
    """An order of the club for 20.00, and of something else if `other_minor`; nobody referred it."""
    items = [Item(product_id="CLUB-1", line_id="1", amount_minor=2_000)]
    items += [Item(product_id="mug", line_id="2", amount_minor=other_minor)] if other_minor else []
    total = 2_000 + other_minor
    figures = {"status": changed.pop("paid", "paid"), "currency": "EUR", "total_minor": total, "subtotal_minor": total}
    state = {"status": "unattributed", "reason": "no_evidence", "friend_id": "anna-7", "placed_at": at}
    made = make_state(order_id, **(state | changed))
    return made.model_copy(update={"figures": Figures(items=tuple(items), **figures)})


def purchase(
    number: int,
    day: int,
    *,
    days: int | None = 30,
    months: int | None = None,
    ended: int | None = None,
    zone: str = "UTC",
) -> Purchase:
    return Purchase(
        store_id=STORE,
        kind="order",
        source_id=str(number),
        program_id=PROGRAM,
        membership="Club",
        buyer="anna-7",
        bought_at=NOON + timedelta(days=day),
        ended_at=None if ended is None else NOON + timedelta(days=ended),
        days=None if months else days,
        months=months,
        zone=zone,
    )


def days_of(*purchases: Purchase) -> list[tuple[int, int]]:
    """From which to which day each is good, counted from the first moment."""
    return [((span.since - NOON).days, (span.until - NOON).days) for span in spans_of(purchases)]


@pytest.mark.parametrize(
    ("purchases", "good"),
    [
        ([(0, None)], [(0, 30)]),
        ([(0, None), (10, None)], [(0, 30), (30, 60)]),  # goes on from the end
        ([(0, None), (30, None)], [(0, 30), (30, 60)]),
        ([(0, None), (31, None)], [(0, 30), (31, 61)]),  # too late to go on: it begins anew
        ([(0, None), (0, None), (0, None)], [(0, 30), (30, 60), (60, 90)]),
        ([(0, 10)], [(0, 10)]),
        ([(0, 40)], [(0, 30)]),  # undone when it was over already
        ([(0, 0)], []),
        ([(0, 20), (10, None)], [(0, 20), (20, 50)]),  # what is behind begins as much earlier
        ([(0, 5), (10, None)], [(0, 5), (10, 40)]),
        ([(0, None), (10, 20)], [(0, 30)]),  # undone before it began to run
        ([(0, None), (10, 40)], [(0, 30), (30, 40)]),
        ([(0, None), (1, 45), (2, None)], [(0, 30), (30, 45), (45, 75)]),
    ],
)
def test_each_purchase_is_good_for_its_time_from_the_end_of_those_before(
    purchases: Sequence[tuple[int, int | None]], good: list[tuple[int, int]]
) -> None:
    made = [purchase(number, day, ended=ended) for number, (day, ended) in enumerate(purchases)]
    assert days_of(*made) == days_of(*reversed(made)) == good


@pytest.mark.parametrize(
    ("bought", "months", "until"),
    [
        ("2026-01-31T09:00+01:00", 1, "2026-02-28T09:00+01:00"),  # the month's last day, where it has no such day
        ("2028-01-31T09:00+01:00", 1, "2028-02-29T09:00+01:00"),
        ("2026-11-30T09:00+01:00", 3, "2027-02-28T09:00+01:00"),
        ("2026-12-15T00:30+01:00", 12, "2027-12-15T00:30+01:00"),
        ("2026-03-15T09:00+01:00", 1, "2026-04-15T09:00+02:00"),  # summer time began: the same time by the clock
        ("2026-10-15T09:00+02:00", 1, "2026-11-15T09:00+01:00"),
        ("2026-02-28T23:30Z", 1, "2026-04-01T00:30+02:00"),  # it is March where the store is
        ("2026-02-28T02:30+01:00", 1, "2026-03-28T02:30+01:00"),
        ("2026-02-28T23:59+01:00", 120, "2036-02-28T23:59+01:00"),
    ],
)
def test_months_are_counted_by_the_stores_calendar_and_clock(bought: str, months: int, until: str) -> None:
    at = datetime.fromisoformat(bought).astimezone(UTC)
    made = Purchase(
        **{
            f: getattr(purchase(1, 0), f)
            for f in ("store_id", "kind", "source_id", "program_id", "membership", "buyer")
        },
        bought_at=at,
        ended_at=None,
        days=None,
        months=months,
        zone="Europe/Berlin",
    )
    [span] = spans_of([made])
    assert (span.since, span.until) == (at, datetime.fromisoformat(until))


def test_a_membership_is_held_from_the_first_moment_and_no_longer_at_the_last() -> None:
    made = [purchase(1, 0)]
    assert held_at(made, NOON) == ("Club",)
    assert held_at(made, NOON - timedelta(microseconds=1)) == ()
    assert held_at(made, NOON + timedelta(days=30, microseconds=-1)) == ("Club",)
    assert held_at(made, NOON + timedelta(days=30)) == ()


def test_thousands_of_purchases_run_no_further_than_moments_do() -> None:
    spans = spans_of(purchase(number, 0, months=120) for number in range(2_000))
    assert spans[-1].until.year <= 9_010 and len(spans) < 2_000


def bought(state: Conversion, program: Program | None = None) -> list[Purchase]:
    return bought_with(Order.of(state), [(PROGRAM, program or with_club())], "UTC")


def test_a_paid_order_with_the_product_buys_it_once_whatever_its_letters_and_quantity() -> None:
    [one] = bought(club_order("1", other_minor=500))
    assert (one.membership, one.buyer, one.bought_at, one.ended_at, one.days) == ("Club", "anna-7", NOON, None, 30)
    assert bought(make_state("2")) == []
    assert bought(club_order("3", paid="pending", status="pending")) == []
    assert bought(club_order("4"), with_club(status="paused")) == []
    # Nobody could hold what a guest without any name bought.
    assert bought(club_order("5", friend_id="5")) == []


LATER = NOON + timedelta(days=3)


@pytest.mark.parametrize(
    ("changed", "ended"),
    [
        ({"cancelled": True, "returned_at": LATER}, LATER),
        ({"cancelled": True}, NOON),  # not told when: as if it had never been bought
        ({"refunded_minor": 2_500, "returned_at": LATER}, LATER),
        ({"refunded_minor": 2_499, "returned_at": LATER}, None),
        ({"refunded_minor": 2_000, "returned_at": LATER, "returned": {"1": 2_000}}, LATER),
        ({"refunded_minor": 500, "returned_at": LATER, "returned": {"2": 500}}, None),
        ({"refunded_minor": 1_999, "returned_at": LATER, "returned": {"1": 1_999}}, None),
    ],
)
def test_an_order_that_is_undone_or_whose_line_went_back_ends_what_it_bought(
    changed: dict[str, Any], ended: datetime | None
) -> None:
    if lines := changed.get("returned"):
        back = [ReturnedLine(line_id=line, amount_minor=minor) for line, minor in lines.items()]
        changed = changed | {"returned": Returned(lines=tuple(back), named_minor=sum(lines.values()))}
    [one] = bought(club_order("1", other_minor=500, **changed))
    assert one.ended_at == ended


def test_what_goes_back_later_moves_no_end_and_one_that_failed_undoes_it() -> None:
    program = [(PROGRAM, with_club())]

    def after(before: list[Purchase], back: dict[str, int], day: int) -> list[Purchase]:
        lines = tuple(ReturnedLine(line_id=line, amount_minor=minor) for line, minor in back.items())
        returned = Returned(lines=lines, named_minor=sum(back.values()))
        at = NOON + timedelta(days=day)
        state = club_order("1", other_minor=500, returned=returned, refunded_minor=sum(back.values()), returned_at=at)
        return bought_with(Order.of(state), program, "UTC", before)

    first = after([], {"1": 2_000}, 3)
    assert [one.ended_at for one in first] == [LATER]
    assert after(first, {"1": 2_000, "2": 500}, 20) == first
    [kept] = standing_again = after(first, {"2": 500}, 20)
    assert kept.ended_at is None
    assert [one.ended_at for one in after(standing_again, {"1": 2_000, "2": 500}, 25)] == [NOON + timedelta(days=25)]


@given(
    st.lists(st.tuples(st.integers(0, 200), st.none() | st.integers(0, 300)), max_size=12),
    st.randoms(use_true_random=False),
    st.integers(0, 400),
)
def test_what_is_held_is_a_function_of_the_set_of_purchases(
    drawn: list[tuple[int, int | None]], chance: Any, day: int
) -> None:
    """Whatever the order they come in: the same times, none of which overlap, each no longer than what was paid for."""
    made = [purchase(number, at, ended=ended) for number, (at, ended) in enumerate(drawn)]
    shuffled = list(made)
    chance.shuffle(shuffled)
    spans = spans_of(made)
    assert spans_of(shuffled) == spans
    assert all(before.until <= after.since for before, after in pairwise(spans))
    assert all(timedelta() < span.until - span.since <= timedelta(days=30) for span in spans)
    assert all(span.since >= span.purchase.bought_at for span in spans)
    undone = [span.purchase.ended_at for span in spans]
    assert all(ended is None or span.until <= ended for span, ended in zip(spans, undone, strict=True))
    moment = NOON + timedelta(days=day)
    assert (held_at(made, moment) == ("Club",)) == any(span.since <= moment < span.until for span in spans)
    # What nobody undid is had in full.
    whole = sum(one.ended_at is None for one in made)
    assert sum(span.until - span.since == timedelta(days=30) for span in spans) >= whole


def test_a_standing_is_the_newest_time_without_a_gap_and_says_how_it_moved() -> None:
    first = standing(spans_of([purchase(1, 0)]))
    both = standing(spans_of([purchase(1, 0), purchase(2, 10)]))
    assert first is not None and both is not None
    assert both == Held(NOON, NOON + timedelta(days=60))
    later = standing(spans_of([purchase(1, 0), purchase(2, 40)]))
    assert later == Held(NOON + timedelta(days=40), NOON + timedelta(days=70))
    assert [why_changed(*pair) for pair in ((None, first), (first, both), (both, first), (first, None))] == [
        *("began", "extended", "shortened", "ended")
    ]
    assert why_changed(first, later) == "began" and why_changed(first, first) is None


def test_a_rule_for_members_gives_to_who_held_it_and_says_why_not() -> None:
    program, order = with_club(), Order.of(make_state())
    [none] = entitlements(order, program)
    [some] = entitlements(order.held_by(("Club",)), program)
    [other] = entitlements(order.held_by(("Circle",)), program)
    assert (none.want_minor, none.reason) == (other.want_minor, other.reason) == (0, Reason.NOT_A_MEMBER)
    assert (some.want_minor, some.reason) == (460, Reason.GRANTED)


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"memberships": [CLUB | {"bought_by": {}}]}, "give products, or an event"),
        ({"memberships": [CLUB | {"bought_by": {"products": ["a"], "event": "b"}}]}, "give products, or an event"),
        ({"memberships": [CLUB | {"lasts": {}}]}, "give one of days and months"),
        ({"memberships": [CLUB | {"lasts": {"days": 1, "months": 1}}]}, "give one of days and months"),
        ({"memberships": [CLUB | {"lasts": {"days": 0}}]}, "greater than or equal to 1"),
        ({"memberships": [CLUB, CLUB | {"name": "club"}]}, "two memberships have the same name"),
        ({"memberships": []}, "rewards.0.when.memberships asks for 'club'"),
    ],
)
def test_a_program_that_could_not_work_is_refused_with_its_place(changed: dict[str, Any], path: str) -> None:
    with pytest.raises(ValidationError, match=path):
        with_club(**changed)
