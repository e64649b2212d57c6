"""How far a store has come, by what there is and by what was seen: pure, and the same in any order."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.set_up.domain.steps import (
    NEEDED,
    SEEN,
    STEPS,
    Connection,
    Reached,
    SeenStep,
    Sight,
    checked_steps,
    reached_steps,
    well,
)

START = datetime(2026, 11, 3, 10, tzinfo=UTC)
NOTHING = Reached(program=False, ambassador=False, page=False, click=False, order=False, reward=False)
READY = Reached(program=True, ambassador=True, page=True, click=True, order=True, reward=True)
SIGHTS = st.builds(
    Sight,
    step=st.sampled_from(SEEN),
    reason=st.sampled_from(["", "duplicate", "unpaid", "bad_signature", "test_order", "no_evidence"]),
    at=st.integers(0, 9).map(lambda minutes: START + timedelta(minutes=minutes)),
    on=st.just(""),
)


def seen(step: SeenStep, reason: str = "", minutes: int = 0, detail: str = "", on: str = "") -> Sight:
    return Sight(step, reason, START + timedelta(minutes=minutes), detail, on)


def test_an_empty_store_begins_at_the_first_step() -> None:
    steps = reached_steps(NOTHING)
    assert [step.name for step in steps] == list(NEEDED)
    assert [step.name for step in steps if step.current] == ["program"]


@pytest.mark.parametrize(
    ("sights", "state", "problem"),
    [
        ([], "waiting", ""),
        ([seen("order")], "done", ""),
        ([seen("order", "no_evidence")], "refused", "no_evidence"),
        ([seen("order", "unpaid")], "waiting", "unpaid"),
        ([seen("order", "no_evidence"), seen("order", minutes=1)], "done", ""),
        ([seen("order"), seen("order", "no_evidence", 1)], "done", "no_evidence"),
        ([seen("order"), seen("order", "no_customer")], "done", "no_customer"),
        ([seen("order"), seen("order", "unpaid", 1)], "done", ""),
    ],
)
def test_what_is_right_lights_a_step_up_and_what_is_wrong_after_it_is_named(
    sights: list[Sight], state: str, problem: str
) -> None:
    [order] = [step for step in checked_steps(READY, [], sights) if step.name == "order"]
    assert (order.state, order.problem) == (state, problem)


def test_each_connection_is_a_step_and_one_that_nobody_noted_is_shown_all_the_same() -> None:
    known = [Connection("con_1", "shopify"), Connection("con_2", "stripe")]
    steps = checked_steps(READY, known, [seen("delivery", on="con_2"), seen("delivery", "bad_signature", on="con_9")])
    found = {step.on.connection_id: step.state for step in steps if step.on is not None}
    assert found == {"con_1": "waiting", "con_2": "done", "con_9": "refused"}


def test_a_test_order_proves_the_signature_and_is_named() -> None:
    [one] = [
        step
        for step in checked_steps(READY, [Connection("con_1", "shopify")], [seen("delivery", "test_order", on="con_1")])
        if step.name == "delivery"
    ]
    assert (one.state, one.problem, one.well) == ("done", "test_order", False)


def test_what_a_store_does_without_keeps_it_from_nothing() -> None:
    sights = [seen("order"), seen("reward")]
    assert not well(checked_steps(READY, [], sights))
    assert well(checked_steps(READY, [], sights, ["page", "click"]))


@given(st.lists(SIGHTS, max_size=12), st.randoms())
def test_the_order_in_which_it_was_seen_changes_nothing(sights: list[Sight], chance: Random) -> None:
    shuffled = chance.sample(sights, len(sights))
    assert checked_steps(READY, [], sights) == checked_steps(READY, [], shuffled)


@given(st.lists(SIGHTS, max_size=12))
def test_one_step_at_most_is_pointed_at_and_a_good_check_has_none(sights: list[Sight]) -> None:
    steps = checked_steps(READY, [], sights)
    current = [step for step in steps if step.current]
    assert len(current) <= 1
    assert not (well(steps) and current)
    assert {step.name for step in steps} >= set(STEPS) - {"delivery"}
