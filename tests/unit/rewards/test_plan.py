"""What an order's rewards become: caps, moves between ambassadors and periods, a person's no."""

from datetime import timedelta
from typing import Any

import pytest

from services.rewards.grants.domain.plan import rejected
from services.rewards.rules.domain import Reason
from tests.unit.rewards.books import Books
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    ANNA,
    BORIS,
    FRIEND_RULE,
    NOON,
    PROGRAM,
    at,
    make_program,
    make_state,
)

ONE_EURO = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 100}}


def limited(period: str = "month", **limit: int) -> dict[str, Any]:
    return {**ONE_EURO, "limits": {"per_ambassador": {**limit, "period": period}}}


def books(*rules: dict[str, Any], budget_minor: int | None = None, zone: str = "UTC") -> Books:
    return Books({(PROGRAM, 1): make_program(*rules, budget_minor=budget_minor)}, zone=zone)


def test_the_budget_is_given_out_to_the_last_unit_and_no_further() -> None:
    kept = books(ONE_EURO, budget_minor=250)
    kept.take(*(make_state(str(n)) for n in range(4)))
    assert [r.target_minor for r in kept.rewards.values()] == [100, 100, 50, 0]
    assert [r.reason for r in kept.rewards.values()][2:] == [Reason.PARTLY_CAPPED, Reason.CAPPED_BUDGET]
    assert [r.status for r in kept.rewards.values()] == ["pending", "pending", "pending", "rejected"]


def test_what_is_taken_back_can_be_granted_again() -> None:
    kept = books(ONE_EURO, budget_minor=100)
    kept.take(make_state("1"), make_state("2"), make_state("1", revision=2, cancelled=True))
    assert kept.amounts() == {}
    kept.take(make_state("2", revision=2))
    assert kept.amounts() == {("2", "ambassador", ANNA): 100}


def test_a_lowered_budget_takes_nothing_away_and_gives_nothing_more() -> None:
    programs = {(PROGRAM, 1): make_program(ONE_EURO, budget_minor=1000)}
    kept = Books(programs)
    kept.take(make_state("1"), make_state("2"))
    programs[PROGRAM, 2] = make_program(ONE_EURO, budget_minor=50)
    kept.take(make_state("1", revision=2), make_state("3"))
    assert kept.amounts() == {("1", "ambassador", ANNA): 100, ("2", "ambassador", ANNA): 100}
    kept.take(make_state("1", revision=3, refunded_minor=2545), make_state("1", revision=4))
    assert kept.amounts()["1", "ambassador", ANNA] == 50


def test_a_refund_of_one_side_makes_room_for_the_other_of_the_same_order() -> None:
    friend = {**FRIEND_RULE, "give": {"kind": "fixed", "amount_minor": 100}}
    kept = books(friend, ONE_EURO, budget_minor=100)
    kept.take(make_state("1"))
    assert kept.amounts() == {("1", "friend", "friend-1"): 100}
    kept.take(make_state("1", revision=2, order_number=2))
    assert kept.amounts() == {("1", "ambassador", ANNA): 100}


def test_an_order_that_changes_hands_fits_into_a_budget_that_is_used_up() -> None:
    kept = books(ONE_EURO, budget_minor=100)
    kept.take(make_state("1"), make_state("1", revision=2, ambassador_id=BORIS))
    assert kept.amounts() == {("1", "ambassador", BORIS): 100}


def test_a_limit_by_number_counts_rewards_above_zero_of_its_period() -> None:
    kept = books(limited(count=2))
    kept.take(*(make_state(str(n)) for n in range(3)))
    assert [r.target_minor for r in kept.rewards.values()] == [100, 100, 0]
    kept.take(make_state("0", revision=2, cancelled=True), make_state("2", revision=2))
    assert sorted(kept.amounts()) == [("1", "ambassador", ANNA), ("2", "ambassador", ANNA)]


@pytest.mark.parametrize("limit", [{"count": 1}, {"amount_minor": 100}])
def test_a_place_given_up_is_free_for_the_next_order_of_the_same_batch(limit: dict[str, Any]) -> None:
    kept = books(limited(**limit))
    kept.take(make_state("1"), make_state("1", revision=2, cancelled=True), make_state("2"), make_state("3"))
    assert kept.amounts() == {("2", "ambassador", ANNA): 100}


def test_a_budget_given_back_is_free_for_the_next_order_of_the_same_batch() -> None:
    kept = books(ONE_EURO, budget_minor=100)
    kept.take(make_state("1"), make_state("1", revision=2, refunded_minor=2545), make_state("2"), make_state("3"))
    assert kept.amounts() == {("1", "ambassador", ANNA): 50, ("2", "ambassador", ANNA): 50}


def test_a_limit_by_amount_gives_the_rest() -> None:
    kept = books(limited(amount_minor=250))
    kept.take(*(make_state(str(n)) for n in range(4)))
    assert [r.target_minor for r in kept.rewards.values()] == [100, 100, 50, 0]
    assert [r.reason for r in kept.rewards.values()][2:] == [Reason.PARTLY_CAPPED, Reason.CAPPED_AMBASSADOR]


def test_another_ambassador_and_another_period_have_room_of_their_own() -> None:
    kept = books(limited(count=1))
    kept.take(
        make_state("1"), make_state("2", ambassador_id=BORIS), make_state("3", placed_at=NOON + timedelta(days=30))
    )
    assert len(kept.amounts()) == 3


def test_a_month_ends_at_the_stores_midnight() -> None:
    kept = books(limited(count=1), zone="Europe/Chisinau")
    kept.take(
        make_state("october", placed_at=at("2026-10-31T23:59", "Europe/Chisinau")),
        make_state("november", placed_at=at("2026-11-01T00:00", "Europe/Chisinau")),
        make_state("also-october", placed_at=at("2026-10-31T21:58")),
        make_state("also-november", placed_at=at("2026-10-31T22:00")),
    )
    assert {order for order, _, _ in kept.amounts()} == {"october", "november"}


def test_a_day_of_25_hours_is_one_day() -> None:
    kept = books(limited("day", count=2), zone="Europe/Chisinau")
    kept.take(
        make_state("1", placed_at=at("2026-10-25T00:05", "Europe/Chisinau")),
        make_state("2", placed_at=at("2026-10-25T23:55", "Europe/Chisinau")),
        make_state("3", placed_at=at("2026-10-25T12:00", "Europe/Chisinau")),
    )
    assert {order for order, _, _ in kept.amounts()} == {"1", "2"}


def test_an_order_that_moves_into_a_full_month_loses_its_place() -> None:
    kept = books(limited(count=1))
    kept.take(make_state("1", placed_at=NOON - timedelta(days=30)), make_state("2"))
    assert len(kept.amounts()) == 2
    kept.take(make_state("2", revision=2, placed_at=NOON - timedelta(days=29)))
    assert kept.amounts() == {("1", "ambassador", ANNA): 100}
    kept.take(make_state("3"))
    assert ("3", "ambassador", ANNA) in kept.amounts()


def test_what_an_order_loses_by_moving_is_there_for_its_other_reward() -> None:
    friend = {**FRIEND_RULE, "give": {"kind": "fixed", "amount_minor": 100}}
    kept = books(friend, limited(count=1), budget_minor=300)
    october = NOON - timedelta(days=30)
    kept.take(make_state("1", placed_at=october), make_state("2", order_number=2))
    assert sum(kept.amounts().values()) == 300
    kept.take(make_state("2", revision=2, placed_at=october))
    assert kept.amounts() == {
        ("1", "friend", "friend-1"): 100,
        ("1", "ambassador", ANNA): 100,
        ("2", "friend", "friend-2"): 100,
    }


def test_an_order_that_moves_within_its_month_keeps_its_place() -> None:
    kept = books(limited(count=1))
    kept.take(make_state("1"), make_state("1", revision=2, placed_at=NOON - timedelta(days=1)), make_state("2"))
    assert kept.amounts() == {("1", "ambassador", ANNA): 100}


def test_a_friends_reward_counts_for_the_ambassador_who_brought_the_friend() -> None:
    friend = {**FRIEND_RULE, "limits": {"per_ambassador": {"count": 1, "period": "month"}}}
    kept = books(friend)
    kept.take(make_state("1"), make_state("2"), make_state("3", ambassador_id=BORIS))
    assert {order for order, _, _ in kept.amounts()} == {"1", "3"}


def test_points_never_use_up_a_budget_of_money() -> None:
    kept = books({**FRIEND_RULE, "pay_as": "points"}, ONE_EURO, budget_minor=100)
    kept.take(make_state("1"))
    assert kept.amounts() == {("1", "friend", "friend-1"): 1000, ("1", "ambassador", ANNA): 100}


def test_a_no_of_a_person_is_for_good() -> None:
    kept = books(ONE_EURO)
    [granted] = kept.take(make_state("1"))
    no = rejected(granted.after, note="staff", now=NOON)
    assert (no.difference, no.after.status, no.after.reason) == (-100, "rejected", Reason.REJECTED_BY_PERSON)
    kept.rewards[("1", *no.after.key)] = no.after
    kept.take(make_state("1", revision=2), make_state("1", revision=3, settled_at=NOON))
    assert kept.amounts() == {}


def test_a_state_that_changes_nothing_makes_no_change() -> None:
    kept = books(ONE_EURO)
    assert len(kept.take(make_state("1"))) == 1
    assert kept.take(make_state("1", revision=2), make_state("1", revision=3)) == []


def test_lowered_rewards_come_before_raised_ones() -> None:
    kept = books(ONE_EURO, {**ONE_EURO, "name": "bonus", "which": "first"})
    kept.take(make_state("1"))
    changes = kept.take(make_state("1", revision=2, ambassador_id=BORIS))
    differences = [change.difference for change in changes]
    assert differences == [-100, -100, 100, 100]
