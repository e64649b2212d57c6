"""A reward computed again from what it was made of, lines and tier included: what differs is named."""

from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from contracts.events.orders import Item
from services.rewards.grants.domain.again import differing
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment, plan
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Grade, entitlements
from tests.unit.rewards.build import AMBASSADOR_RULE, BORIS, NOON, make_program
from tests.unit.rewards.test_terms import order_of

SHOES = {"categories": ["shoes"], "give": {"kind": "percent", "basis_points": 2000}}
PROGRAM = make_program({**AMBASSADOR_RULE, "terms": [SHOES]})
ORDER = order_of(
    Item(sku="", product_id="1", category="shoes", quantity=1, amount_minor=1000, line_id="a"),
    Item(sku="", product_id="2", category="hats", quantity=1, amount_minor=3000, line_id="b"),
)
ZONE = ZoneInfo("UTC")


def granted(bound_minor: int | None = None) -> Reward:
    """A fifth of the shoes and a tenth of the hats, one and a half times: 750."""
    grades = {"ambassador": Grade("gold", 15_000)}
    moment = Moment(now=NOON, day_of=lambda at: at.date(), new_id=lambda: "rwd_1")
    budgets = {} if bound_minor is None else {(ORDER.store_id, ORDER.program_id or "", "EUR"): bound_minor}
    caps = Caps(budgets=budgets)
    (change,) = plan(ORDER, entitlements(ORDER, PROGRAM, grades=grades), [], caps, moment)
    return change.after


def wrong(reward: Reward) -> list[str]:
    return [text.split(" ")[0] for _, text in differing(ORDER, PROGRAM, ZONE, [reward])]


@pytest.mark.parametrize("bound_minor", [None, 500])
def test_what_was_granted_follows_from_its_lines_its_tier_and_its_bound(bound_minor: int | None) -> None:
    reward = granted(bound_minor)
    assert (reward.base_minor, reward.target_minor) == (750, bound_minor or 750)
    assert wrong(reward) == []


def test_what_does_not_follow_is_named() -> None:
    reward = granted()
    assert wrong(replace(reward, base_minor=751)) == ["base_minor"]
    assert wrong(replace(reward, want_minor=700)) == ["want_minor", "target_minor"]
    assert wrong(replace(reward, target_minor=700)) == ["target_minor"]
    assert wrong(replace(reward, bound_minor=10)) == ["target_minor"]
    assert wrong(replace(reward, multiplier=20_000)) == ["base_minor", "want_minor"]
    assert wrong(replace(reward, beneficiary_id="amb_eve")) == ["base_minor", "want_minor"]


@pytest.mark.parametrize("former", [{"ambassador_id": BORIS, "beneficiary_id": BORIS}, {"program_id": "prg_former"}])
def test_an_order_that_came_back_is_computed_with_the_tier_of_its_own_reward(former: dict[str, str]) -> None:
    lost = {"base_minor": 0, "want_minor": 0, "target_minor": 0, "tier": "silver", "multiplier": 12_000}
    other = replace(granted(), reward_id="rwd_2", **former, **lost)
    for rewards in ([granted(), other], [other, granted()]):
        assert differing(ORDER, PROGRAM, ZONE, rewards) == []


def test_of_a_version_that_is_not_known_nothing_is_said() -> None:
    assert differing(ORDER, None, ZONE, [replace(granted(), base_minor=1)]) == []
