"""What a marketer should look at twice before a program is published."""

from typing import Any

import pytest

from contracts.program import Program
from services.links.programs.domain.warnings import warnings
from services.ui import Format, load_speech

EMPTY: dict[str, Any] = {"name": "Give and get", "currency": "EUR", "landing_url": "https://shop.example/"}
NOBODY = "Nobody gets anything: neither the friend nor the ambassador."


def fixed(amount: int) -> dict[str, Any]:
    return {"kind": "fixed", "amount_minor": amount}


def event(amount: int, **more: Any) -> dict[str, Any]:
    return {
        "event_rewards": [{"name": "trial", "on": "trial.started", "to": "ambassador", "give": fixed(amount), **more}]
    }


def milestone(amount: int, on: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    goal = on or {"at": 5, "of": "friends"}
    return {"milestone_rewards": [{"name": "five", "on": goal, "give": fixed(amount), **more}]}


def back(amount: int, per: int, **more: Any) -> dict[str, Any]:
    return {"cashback_rewards": [{"name": "back", "per_minor": per, "give": fixed(amount), **more}]}


def percent(basis_points: int) -> dict[str, Any]:
    give = {"kind": "percent", "basis_points": basis_points}
    return {"rewards": [{"name": "own", "to": "ambassador", "give": give}]}


@pytest.mark.parametrize(
    ("program", "warned"),
    [
        ({}, [NOBODY]),
        (event(1_000), []),
        (milestone(1_000), []),
        (milestone(1_000, pay_as="points"), []),
        (event(90_000), ["€900 for one event is much. Is it meant so?"]),
        (event(90_000, pay_as="points"), []),
        (back(100, 5_000), []),
        (back(100, 5_000) | {"budget": {"amount_minor": 50}}, ["The budget is used up before the first reward."]),
        (back(1_000, 1_500), ["Buyers whom nobody referred get 67% of what they spend."]),
        (back(1_000, 1_500, pay_as="points"), []),
        (milestone(90_000), ["€900 for one milestone is much. Is it meant so?"]),
        (milestone(90_000, pay_as="points"), []),
        (
            event(90_000) | milestone(80_000),
            ["€900 for one event is much. Is it meant so?", "€800 for one milestone is much. Is it meant so?"],
        ),
        (percent(4_000) | milestone(1_000, {"every": 5, "of": "friends"}), []),
        (
            percent(4_000) | milestone(1_000, {"every": 10_000, "of": "revenue"}, at_most=10),
            ["Both sides together get 50% of an order."],
        ),
        (milestone(1_000) | {"budget": {"amount_minor": 900}}, ["The budget is used up before the first reward."]),
        (milestone(1_000) | {"budget": {"amount_minor": 1_000}}, []),
    ],
)
def test_what_is_given_beside_orders_is_looked_at_too(program: dict[str, Any], warned: list[str]) -> None:
    found = warnings(Program.model_validate(EMPTY | program), ["shop.example"], load_speech("en"), Format("en"))
    assert [one.replace("\u00a0", " ") for one in found] == warned
