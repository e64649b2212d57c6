"""What pages speak of while a program's budget is used up."""

from typing import Any

import pytest

from contracts.program import Program
from services.links.programs.domain.budget import friend_loses, used_up, without_money

OFF = {"give": {"kind": "fixed", "amount_minor": 500}}


def rule(to: str, pay_as: str, name: str = "") -> dict[str, Any]:
    gives = {"kind": "fixed", "amount_minor": 1000}
    return {"name": name or to, "to": to, "give": gives, "pay_as": pay_as}


def program(*rules: dict[str, Any], **more: Any) -> Program:
    return Program.model_validate(
        {"name": "Ten", "currency": "EUR", "landing_url": "https://shop.example/", "rewards": list(rules), **more}
    )


@pytest.mark.parametrize(
    ("made", "loses", "benefit", "left"),
    [
        (program(rule("friend", "store_credit"), rule("ambassador", "cash")), True, "none", []),
        (program(rule("friend", "points"), rule("ambassador", "cash")), False, "credit", ["friend"]),
        (program(rule("friend", "cash"), rule("friend", "points", "more")), True, "credit", ["more"]),
        (program(rule("friend", "cash"), friend_benefit="both", discount=OFF), True, "discount", []),
        (program(rule("friend", "points"), friend_benefit="both", discount=OFF), False, "both", ["friend"]),
        (program(rule("ambassador", "cash"), friend_benefit="discount", discount=OFF), False, "discount", []),
        (program(rule("ambassador", "points")), False, "none", ["ambassador"]),
    ],
)
def test_points_and_discounts_stay_and_money_goes(made: Program, loses: bool, benefit: str, left: list[str]) -> None:
    after = without_money(made)
    assert friend_loses(made) is loses
    assert (after.benefit, [one.name for one in after.rules_served], used_up(after)) == (benefit, left, True)
    assert not used_up(made)


def test_the_stores_own_words_go_with_a_promise_to_the_friend_and_hashtags_stay() -> None:
    own = {"en": {"title": "Take {offer}", "share": "{offer}!", "hashtags": ["coffee"]}}
    after = without_money(program(rule("friend", "cash"), texts=own)).texts
    assert after is not None and after.of("en").model_dump() == {
        "title": None,
        "text": None,
        "share": None,
        "hashtags": ("coffee",),
    }
    kept = program(rule("ambassador", "cash"), texts=own)
    assert without_money(kept).texts == kept.texts
