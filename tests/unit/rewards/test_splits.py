"""Rewards that an ambassador shares with the friend: what each side gets, under caps, refunds and other links."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.conversions import Winner
from services.rewards.grants.domain.plan import rejected
from services.rewards.rules.domain import part_of
from tests.support.chance import examples
from tests.unit.rewards.books import Books
from tests.unit.rewards.build import AMBASSADOR_RULE, ANNA, BORIS, FRIEND_RULE, NOON, PROGRAM, make_program, make_state

SHARED: dict[str, Any] = {**AMBASSADOR_RULE, "give": {"kind": "percent", "basis_points": 10_000}, "split": {}}


def by(split: int | None) -> Winner:
    return Winner(kind="click", split=split)


def books(rule: dict[str, Any] = SHARED, **more: Any) -> Books:
    return Books({(PROGRAM, 1): make_program(rule, **more)})


def sides(kept: Books, order_id: str = "1") -> dict[str, int]:
    return {one.side: one.target_minor for one in kept.of_order(order_id) if one.target_minor}


@pytest.mark.parametrize(
    ("split", "amount", "expected"),
    [
        (None, 10_001, {"ambassador": 10_001}),
        (10_000, 10_001, {"ambassador": 10_001}),
        (5_000, 10_001, {"ambassador": 5_000, "friend": 5_001}),
        (0, 10_001, {"friend": 10_001}),
        (3_333, 100, {"ambassador": 33, "friend": 67}),
        (5_000, 1, {"friend": 1}),
        (9_999, 1, {"friend": 1}),
        (5_000, 0, {}),
    ],
)
def test_the_odd_cent_is_the_friends(split: int | None, amount: int, expected: dict[str, int]) -> None:
    kept = books()
    kept.take(make_state(winner=by(split), subtotal_minor=amount, total_minor=amount))
    assert sides(kept) == expected


def test_without_a_choice_it_is_what_the_program_says() -> None:
    kept = books({**SHARED, "split": {"default_basis_points": 2_500}})
    kept.take(make_state(), make_state("2", winner=by(10_000)))
    assert sides(kept) == {"ambassador": 1_150, "friend": 3_450}
    assert sides(kept, "2") == {"ambassador": 4_600}


def test_a_friends_own_rule_and_one_that_is_not_shared_stay_whole() -> None:
    kept = Books({(PROGRAM, 1): make_program(FRIEND_RULE, {**AMBASSADOR_RULE, "name": "whole"}, SHARED)})
    kept.take(make_state(winner=by(0)))
    assert kept.amounts() == {("1", "friend", "friend-1"): 1000, ("1", "whole", ANNA): 460,
                              ("1", "ambassador", "friend-1"): 4600}  # fmt: skip


def test_the_budget_holds_for_the_sum_and_what_it_leaves_is_split() -> None:
    kept = books(budget_minor=101)
    kept.take(make_state(winner=by(5_000)))
    assert sides(kept) == {"ambassador": 50, "friend": 51}
    assert [one.bound_minor for one in kept.of_order("1")] == [50, 51]


def test_a_limit_by_number_counts_both_parts_once() -> None:
    limited = {**SHARED, "limits": {"per_ambassador": {"count": 2, "period": "month"}}}
    kept = books(limited)
    kept.take(*(make_state(str(n), winner=by(5_000)) for n in (1, 2, 3)))
    assert [sides(kept, str(n)) for n in (1, 2, 3)] == [{"ambassador": 2300, "friend": 2300}] * 2 + [{}]
    kept.take(make_state("1", revision=2, cancelled=True), make_state("3", revision=2, winner=by(0)))
    assert sides(kept, "3") == {"friend": 4600}


def test_refunds_take_of_both_and_leave_the_parts_of_what_is_left() -> None:
    kept = books()
    kept.take(make_state(winner=by(5_000), subtotal_minor=10_001, total_minor=10_001))
    kept.take(make_state(winner=by(5_000), subtotal_minor=10_001, total_minor=10_001, refunded_minor=3_000, revision=2))
    assert sides(kept) == {"ambassador": 3_500, "friend": 3_501}
    kept.take(make_state(winner=by(5_000), subtotal_minor=10_001, total_minor=10_001, cancelled=True, revision=3))
    assert sides(kept) == {}


def test_another_touch_that_wins_brings_its_own_split() -> None:
    kept = books(budget_minor=4_600)
    kept.take(make_state(winner=by(5_000)))
    changes = kept.take(make_state(winner=by(10_000), ambassador_id=BORIS, revision=2))
    assert [one.difference > 0 for one in changes] == [False, False, True]
    assert kept.amounts() == {("1", "ambassador", BORIS): 4_600}
    kept.take(make_state(winner=by(2_500), ambassador_id=BORIS, revision=3))
    assert kept.amounts() == {("1", "ambassador", BORIS): 1_150, ("1", "ambassador", "friend-1"): 3_450}


def test_a_part_that_a_person_refused_stays_refused_and_the_other_stands() -> None:
    kept = books()
    kept.take(make_state(winner=by(5_000)))
    own = next(one for one in kept.of_order("1") if one.side == "ambassador")
    kept.rewards[own.source_id, *own.key] = rejected(own, note=None, now=NOON).after
    kept.take(make_state(winner=by(5_000), revision=2, refunded_minor=2_545))
    assert sides(kept) == {"friend": 1_150}


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10_000))
def test_parts_add_up_and_never_fall_when_the_sum_rises(one: int, other: int, share: int) -> None:
    low, high = sorted((one, other))
    for side in ("ambassador", "friend"):
        assert 0 <= part_of(low, share, side) <= part_of(high, share, side)
    assert part_of(low, share, "ambassador") + part_of(low, share, "friend") == low
    assert share == 10_000 or low == 0 or part_of(low, share, "friend") > 0, "so that its number counts"


_ORDERS = st.lists(
    st.tuples(
        st.integers(1, 4), st.sampled_from([None, 0, 3_333, 5_000, 10_000]), st.integers(0, 300), st.integers(0, 300)
    ),
    max_size=12,
)


@settings(max_examples=examples(150), deadline=None)
@given(_ORDERS, st.integers(0, 500))
def test_the_sum_is_what_an_undivided_reward_would_be_whatever_comes(
    arrivals: list[tuple[int, int | None, int, int]], budget: int
) -> None:
    shared, whole = books(budget_minor=budget), books({**SHARED, "split": None}, budget_minor=budget)
    for revision, (order, split, subtotal, refunded) in enumerate(arrivals, 1):
        figures = {"subtotal_minor": subtotal, "total_minor": subtotal, "refunded_minor": min(refunded, subtotal)}
        state = make_state(str(order), winner=by(split), revision=revision, **figures)
        shared.take(state)
        whole.take(state)
        for number in {one[0] for one in arrivals}:
            assert sum(sides(shared, str(number)).values()) == sum(sides(whole, str(number)).values())
        for one in shared.rewards.values():
            assert one.bound_minor is None or one.target_minor == min(one.want_minor, one.bound_minor)
    assert sum(one.target_minor for one in shared.rewards.values()) <= budget


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({**FRIEND_RULE, "split": {}}, ("rewards", 0, "split")),
        ({**SHARED, "split": {"max_basis_points": 10_001}}, ("rewards", 0, "split", "max_basis_points")),
        ({**SHARED, "split": {"min_basis_points": 6_000, "max_basis_points": 5_000}}, ("rewards", 0, "split")),
        ({**SHARED, "split": {"max_basis_points": 5_000}}, ("rewards", 0, "split")),
    ],
)
def test_bounds_that_cannot_be_are_named_by_their_path(rule: dict[str, Any], path: tuple[object, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        make_program(rule)
    assert refused.value.errors()[0]["loc"] == path


def test_one_rule_of_a_program_is_shared() -> None:
    with pytest.raises(ValidationError, match="an ambassador shares one reward"):
        make_program(SHARED, {**SHARED, "name": "other"})
