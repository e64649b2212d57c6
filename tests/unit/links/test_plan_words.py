"""What ambassadors and marketers read of a program's plans, and that the program's form leaves them as they are."""

from pathlib import Path
from typing import Any

import pytest

from contracts.program import Program
from services import links
from services.links.programs.domain import form
from services.links.programs.domain.budget import without_money
from services.links.programs.domain.warnings import warnings
from services.links.programs.domain.words import facts, promises
from services.ui import Format, load_speech

LOCALE = Path(links.__path__[0]) / "locale"
BONUS: dict[str, Any] = {"name": "bonus", "give": {"kind": "percent", "basis_points": 600}, "pay_as": "cash"}
POINTS: dict[str, Any] = {"name": "circle", "on": {"of": "friends", "period": "year"}, "pay_as": "points"} | {
    "give": {"kind": "fixed", "amount_minor": 50},
    "expires_after_days": 30,
}


def program(*plans: dict[str, Any], **changed: Any) -> Program:
    return Program.model_validate(
        {"name": "P", "currency": "EUR", "landing_url": "https://shop.example/", "plan_rewards": plans} | changed
    )


def test_plans_in_sentences() -> None:
    speech, fmt = load_speech("en"), Format("en")
    lines = promises(program(BONUS, POINTS), speech, fmt)
    assert lines[:3] == [
        "Each month: 6% of what was sold if what your friends spend reaches the target that the store set you;"
        " below it nothing.",
        "Each year: 50 points if the number of friends who buy reaches the target that the store set you;"
        " below it nothing.",
        "It can be used for 30 days after it becomes available, and then expires.",
    ]
    assert facts(program(BONUS), speech, fmt)["For plans"] == lines[0]


@pytest.mark.parametrize(
    ("language", "begins"), [("ru", "Каждый месяц: 6"), ("uk", "Щомісяця: 6"), ("ro", "În fiecare")]
)
def test_in_the_reader_s_language(language: str, begins: str) -> None:
    line = promises(program(BONUS), load_speech(language, (LOCALE,)), Format(language))[0]
    assert line.startswith(begins)


def test_a_program_with_plans_alone_gives_something_and_too_much_is_warned_of() -> None:
    speech, fmt = load_speech("en"), Format("en")
    assert warnings(program(BONUS), ["shop.example"], speech, fmt) == []
    half = BONUS | {"give": {"kind": "percent", "basis_points": 5_000}}
    assert warnings(program(half), ["shop.example"], speech, fmt) == ["Both sides together get 50% of an order."]


def test_of_a_used_up_budget_points_stay() -> None:
    assert [rule.name for rule in without_money(program(BONUS, POINTS)).plan_rewards] == ["circle"]


def test_the_form_leaves_plans_as_they_are() -> None:
    before = program(BONUS, POINTS)
    written = form.read({**form.empty("EUR"), **form.fields(before)}, before=before)
    assert Program.model_validate(written).plan_rewards == before.plan_rewards
