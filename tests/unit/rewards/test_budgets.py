"""When a program's budget is used up: by its smallest promise in money."""

from typing import Any

import pytest

from contracts.program import Program
from services.rewards.budgets.domain import is_exhausted, smallest_gift
from tests.unit.rewards.build import AMBASSADOR_RULE, FRIEND_RULE, make_program

TEN: dict[str, Any] = {**AMBASSADOR_RULE, "give": {"kind": "fixed", "amount_minor": 1000}}
SIX: dict[str, Any] = {"name": "joined", "on": "friend.joined", "to": "ambassador", "give": TEN["give"]}


def program(*rules: dict[str, Any], **more: Any) -> Program:
    return Program.model_validate(make_program(*rules, budget_minor=5000).model_dump(mode="json") | more)


@pytest.mark.parametrize(
    ("made", "smallest"),
    [
        (program(TEN, {**FRIEND_RULE, "give": {"kind": "fixed", "amount_minor": 700}}), 700),
        (program(AMBASSADOR_RULE, FRIEND_RULE), 1),
        (program({**TEN, "pay_as": "points"}), None),
        (program({**TEN, "pay_as": "points"}, FRIEND_RULE), 1000),
        (program({**TEN, "limits": {"per_order_minor": 400}}), 400),
        (program({**TEN, "give": {"kind": "fixed", "amount_minor": 0}}), None),
        (program({**TEN, "terms": [{"products": ["a"], "give": {"kind": "fixed", "amount_minor": 90}}]}), 90),
        (program({**TEN, "terms": [{"products": ["a"], "give": {"kind": "percent", "basis_points": 500}}]}), 1),
        (program(TEN, event_rewards=[{**SIX, "give": {"kind": "fixed", "amount_minor": 600}}]), 600),
        (
            program(
                TEN,
                milestone_rewards=[
                    {"name": "five", "on": {"every": 5, "of": "friends"}, "give": {"kind": "fixed", "amount_minor": 50}}
                ],
            ),
            50,
        ),
        (
            program(
                TEN,
                tiers={"of": "friends", "steps": [{"name": "New", "at": 0, "multiplier_basis_points": 5000}]},
            ),
            500,
        ),
        (
            program(
                TEN, tiers={"of": "friends", "steps": [{"name": "Gold", "at": 5, "multiplier_basis_points": 20000}]}
            ),
            1000,
        ),
        # The friend is served at the checkout: what the rule to them says is not given.
        (
            program(
                TEN,
                {**FRIEND_RULE, "give": {"kind": "fixed", "amount_minor": 5}},
                friend_benefit="discount",
                discount={"give": {"kind": "fixed", "amount_minor": 5}},
            ),
            1000,
        ),
    ],
)
def test_the_smallest_gift_is_the_least_that_a_rule_promises_in_money(made: Program, smallest: int | None) -> None:
    assert smallest_gift(made) == smallest


def test_a_budget_is_used_up_when_less_than_the_smallest_promise_is_left() -> None:
    made = program(TEN)
    assert [is_exhausted(made, spent) for spent in (4000, 4001, 5000, 9000)] == [False, True, True, True]
    shared = program(AMBASSADOR_RULE)
    assert [is_exhausted(shared, spent) for spent in (4999, 5000)] == [False, True]
    assert not is_exhausted(program({**TEN, "pay_as": "points"}), 5000), "no promise of it costs money"
    assert not is_exhausted(make_program(TEN), 10**12), "it has no budget"
