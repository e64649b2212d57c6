"""What an ambassador's sponsors get: by level, never over the cap, less with each refund, and only who is active."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.conversions import Circumstances, Conversion, Sponsor
from contracts.program import Program
from contracts.sponsors import SponsorRule
from services.common.periods import local_day
from services.rewards.grants.domain.again import differing
from services.rewards.grants.domain.caps import Caps, CountKey
from services.rewards.grants.domain.plan import Moment, activity_of, plan
from services.rewards.grants.domain.reward import Reward, RewardKey
from services.rewards.rules.domain import Entitlement, Order, Reason, entitlements
from tests.unit.rewards.build import ANNA, NOON, PROGRAM, STORE, at, make_program, make_state

UTC = at("2026-01-01").tzinfo
ABOVE: dict[str, Any] = {"name": "above", "which": "every", "levels": [500, 200, 100], "pay_as": "cash"}


def giving(**changed: Any) -> Program:
    """A program that gives to sponsors alone."""
    basis = make_program().model_dump(mode="json")
    return Program.model_validate(basis | {"rewards": [], "sponsor_rewards": [ABOVE | changed]})


def state(total: int = 10_000, *, sponsors: tuple[Any, ...] = ("s1", "s2", "s3"), **changed: Any) -> Conversion:
    """An order of Anna's; a sponsor is an id, or an id with a status."""
    above = tuple(
        Sponsor(ambassador_id=one) if isinstance(one, str) else Sponsor(ambassador_id=one[0], status=one[1])
        for one in sponsors
    )
    figures = {"total_minor": total, "subtotal_minor": total}
    return make_state(circumstances=Circumstances(sponsors=above), **{**figures, **changed})


def given_to(program: Program, conversion: Conversion, **active: bool) -> list[Entitlement]:
    return entitlements(Order.of(conversion), program, active={("above", who): is_ for who, is_ in active.items()})


def wants(program: Program, conversion: Conversion, **active: bool) -> list[tuple[str, int, int, str]]:
    return [
        (one.beneficiary_id, one.level, one.want_minor, str(one.reason))
        for one in given_to(program, conversion, **active)
    ]


class Books:
    """An order's rewards in memory, as the service keeps them."""

    def __init__(self, program: Program, caps: Caps | None = None) -> None:
        self.program, self.caps = program, caps or Caps()
        self.rewards: dict[RewardKey, Reward] = {}
        self.moment = Moment(now=NOON, day_of=lambda moment: moment.date(), new_id=lambda: f"r{len(self.rewards)}")

    def take(self, conversion: Conversion, **active: bool) -> dict[str, int]:
        order, had = Order.of(conversion), list(self.rewards.values())
        known = {("above", who): is_ for who, is_ in active.items()} | activity_of(order, had)
        entitled = entitlements(order, self.program, active=known)
        for change in plan(order, entitled, had, self.caps, self.moment):
            self.rewards[change.after.key] = change.after
        assert differing(order, self.program, UTC, list(self.rewards.values())) == []  # type: ignore[arg-type]
        return self.worth()

    def worth(self) -> dict[str, int]:
        return {one.beneficiary_id: one.target_minor for one in self.rewards.values() if one.target_minor}


@pytest.mark.parametrize(
    ("changed", "place", "mend"),
    [
        ({"levels": [500, 500]}, ("levels",), "levels.1 is 500"),
        ({"levels": [500, 200, 300]}, ("levels",), "levels.2 is 300"),
        ({"levels": []}, ("levels",), "at least 1"),
        ({"levels": list(range(11, 0, -1))}, ("levels",), "at most 10"),
        ({"levels": [0]}, ("levels", 0), "greater than or equal to 1"),
        ({"at_most_basis_points": 499}, ("at_most_basis_points",), "level 1 alone gets 500"),
        ({"levels": [6000, 5000]}, ("at_most_basis_points",), "more than the order"),
        ({"which": "first", "span": {"months": 3}}, ("span",), "one alone"),
        ({"expires_after_days": 3}, ("pay_as",), "cash does not expire"),
    ],
)
def test_a_rule_is_refused_where_it_is_wrong(changed: dict[str, Any], place: tuple[Any, ...], mend: str) -> None:
    with pytest.raises(ValidationError) as refused:
        giving(**changed)
    error = refused.value.errors()[0]
    assert error["loc"] == ("sponsor_rewards", 0, *place) and mend in error["msg"]


def test_a_rule_of_another_kind_has_not_its_name() -> None:
    basis = giving().model_dump(mode="json")
    with pytest.raises(ValidationError, match="same name"):
        Program.model_validate(basis | {"rewards": [{**make_program().rewards[1].model_dump(), "name": "above"}]})


@pytest.mark.parametrize(
    ("total", "changed", "expected"),
    [
        (10_000, {}, [500, 200, 100]),
        (101, {}, [5, 2, 1]),
        (50, {}, [3, 1, 0]),  # 2.5, 1 and 0.5 would be 3, 1 and 1; 8% of 50 is 4
        (10_000, {"at_most_basis_points": 600}, [500, 100, 0]),
        (10_000, {"limits": {"per_order_minor": 650}}, [500, 150, 0]),
        (0, {}, [0, 0, 0]),
        (10_000, {"when": {"min_subtotal_minor": 10_001}}, [0, 0, 0]),
        (10_000, {"levels": [10_000]}, [10_000]),
    ],
)
def test_each_level_gets_its_share_until_the_cap(total: int, changed: dict[str, Any], expected: list[int]) -> None:
    assert [one.want_minor for one in given_to(giving(**changed), state(total))] == expected


def test_there_are_as_many_levels_as_the_rule_has_and_as_there_are_sponsors() -> None:
    assert wants(giving(), state(sponsors=("s1",))) == [("s1", 1, 500, "granted")]
    assert [one.level for one in given_to(giving(levels=[500]), state())] == [1]
    assert given_to(giving(), state(sponsors=())) == [] == given_to(giving(), make_state())


def test_whose_reward_it_is_and_who_brought_the_order() -> None:
    first, second, _ = given_to(giving(), state())
    assert (first.side, first.beneficiary_id, first.ambassador_id, first.won_by) == ("ambassador", "s1", "s1", ANNA)
    assert (second.level, second.hold, second.pay_as) == (2, timedelta(days=14), "cash")


def test_what_one_sponsor_does_not_get_is_nobodys() -> None:
    blocked = wants(giving(), state(sponsors=("s1", ("s2", "blocked"), "s3")))
    assert blocked == [("s1", 1, 500, "granted"), ("s2", 2, 0, "sponsor_blocked"), ("s3", 3, 100, "granted")]
    erased = wants(giving(), state(sponsors=(("s1", "erased"), "s2")))
    assert erased == [("s1", 1, 0, "sponsor_blocked"), ("s2", 2, 200, "granted")]
    idle = wants(giving(active_days=30), state(), s1=True, s2=False, s3=True)
    assert idle == [("s1", 1, 500, "granted"), ("s2", 2, 0, "sponsor_inactive"), ("s3", 3, 100, "granted")]
    assert wants(giving(), state(), s2=False)[1] == ("s2", 2, 200, "granted")  # where the rule does not ask


def test_who_was_not_active_at_first_is_not_by_becoming_so_and_the_other_way_round() -> None:
    books = Books(giving(active_days=30))
    assert books.take(state(), s1=True, s2=False, s3=True) == {"s1": 500, "s3": 100}
    assert books.take(state(revision=2, settled_at=NOON), s1=False, s2=True, s3=True) == {"s1": 500, "s3": 100}
    [idle] = [one for one in books.rewards.values() if one.beneficiary_id == "s2"]
    assert (idle.reason, idle.status, idle.granted_at) == (Reason.SPONSOR_INACTIVE, "rejected", None)


def test_an_order_that_moves_to_somebody_else_moves_to_their_sponsors() -> None:
    books = Books(giving())
    books.take(state())
    moved = state(revision=2, ambassador_id="amb_boris", sponsors=("s9", "s2"))
    assert books.take(moved) == {"s9": 500, "s2": 200}
    assert {one.won_by for one in books.rewards.values() if one.target_minor} == {"amb_boris"}
    assert books.take(state(revision=3, cancelled=True)) == {}
    assert books.take(state(revision=4)) == {"s1": 500, "s2": 200, "s3": 100}


def test_a_sponsor_who_is_blocked_loses_what_has_not_settled() -> None:
    books = Books(giving())
    books.take(state())
    assert books.take(state(revision=2, sponsors=("s1", ("s2", "blocked"), "s3"))) == {"s1": 500, "s3": 100}
    assert books.take(state(revision=3)) == {"s1": 500, "s2": 200, "s3": 100}


def test_a_limit_is_each_sponsors_own() -> None:
    program = giving(limits={"per_ambassador": {"amount_minor": 600, "period": "month"}})
    caps = Caps()
    for who, spent in (("s1", 550), ("s2", 0), ("s3", 600)):
        key = CountKey(STORE, PROGRAM, "above", who, "month", local_day(NOON, at("2026-01-01").tzinfo).replace(day=1))  # type: ignore[arg-type]
        caps.open(key, 1 if spent else 0, spent)
    books = Books(program, caps)
    assert books.take(state()) == {"s1": 50, "s2": 200}


def test_the_programs_budget_is_for_all_levels() -> None:
    key = (STORE, PROGRAM, "EUR")
    caps = Caps(budgets={key: 650})
    books = Books(giving(), caps)
    assert books.take(state()) == {"s1": 500, "s2": 150}
    assert caps.spent[key] == 650
    assert books.take(state(revision=2, refunded_minor=10_000)) == {}
    assert caps.spent[key] == 0


shares = st.lists(st.integers(1, 3000), min_size=1, max_size=10, unique=True).map(lambda some: sorted(some)[::-1])


@given(data=st.data(), levels=shares, total=st.integers(0, 10**7), sponsors=st.integers(0, 10))
def test_all_levels_together_never_get_more_than_the_cap(
    data: st.DataObject, levels: list[int], total: int, sponsors: int
) -> None:
    least, most = levels[0], max(levels[0], min(sum(levels), 10_000))
    cap = data.draw(st.integers(least, most))
    program = giving(levels=levels, at_most_basis_points=cap)
    books = Books(program)
    names = tuple(f"s{n}" for n in range(sponsors))
    refunds = sorted(data.draw(st.lists(st.integers(0, total), max_size=3)))
    settled_from = data.draw(st.integers(0, 3))
    was: dict[str, int] = {}
    for turn, refunded in enumerate([0, *refunds]):
        settled = {"settled_at": NOON} if turn >= settled_from else {}
        worth = books.take(state(total, sponsors=names, revision=turn + 1, refunded_minor=refunded, **settled))
        assert sum(worth.values()) <= Fraction((total - refunded) * cap, 10_000)
        in_turn = [worth.get(name, 0) for name in names]
        assert in_turn == sorted(in_turn, reverse=True)
        if turn:
            assert all(worth.get(name, 0) <= was.get(name, 0) for name in names)
        was = worth
    again = Books(program)
    final = refunds[-1] if refunds else 0
    assert again.take(state(total, sponsors=names, refunded_minor=final)) == was


def test_a_rule_says_what_all_levels_get_at_most() -> None:
    assert SponsorRule.model_validate(ABOVE).most_basis_points == 800
    assert SponsorRule.model_validate(ABOVE | {"at_most_basis_points": 600}).most_basis_points == 600
