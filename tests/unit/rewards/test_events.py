"""What rules give for custom events: a fixed amount, for the first or for every one; nothing for what is refused."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.actions import Action
from contracts.program import Program
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment, plan
from services.rewards.grants.domain.reward import Reward, RewardKey
from services.rewards.rules.domain import Order, Reason, entitlements
from tests.unit.rewards.build import ANNA, BORIS, NOON, PROGRAM, STORE, make_program

RULES: list[dict[str, Any]] = [
    {"name": "join", "on": "signup", "to": "ambassador", "give": {"kind": "fixed", "amount_minor": 200}},
    {
        "name": "hello",
        "on": "signup",
        "to": "friend",
        "give": {"kind": "fixed", "amount_minor": 50},
        "pay_as": "points",
    },
    {"name": "ask", "on": "survey", "to": "ambassador", "which": "every"}
    | {"give": {"kind": "fixed", "amount_minor": 30}},
]
TERMS = Program.model_validate(make_program().model_dump(mode="json") | {"event_rewards": RULES})


def happened(**changed: Any) -> Action:
    """The state of the decision on a sign-up: Anna's."""
    state: dict[str, Any] = {
        "store_id": STORE,
        "event_id": "e1",
        "name": "signup",
        "revision": 1,
        "status": "attributed",
        "reason": "code",
        "happened_at": NOON,
        "decided_at": NOON,
        "friend_id": "mia",
        "event_number": 1,
        "program_id": PROGRAM,
        "program_version": 1,
        "ambassador_id": ANNA,
        "engine": "1",
    }
    return Action.model_validate(state | changed)


TABLE: list[tuple[dict[str, Any], dict[str, tuple[int, Reason]]]] = [
    ({}, {"join": (200, Reason.GRANTED), "hello": (50, Reason.GRANTED)}),
    ({"event_number": 2}, {"join": (0, Reason.NOT_FIRST_EVENT), "hello": (0, Reason.NOT_FIRST_EVENT)}),
    ({"name": "survey", "event_number": 7}, {"ask": (30, Reason.GRANTED)}),
    ({"name": "trial"}, {}),
    ({"cancelled": True}, {}),
    ({"status": "rejected", "ambassador_id": None}, {}),
]


@pytest.mark.parametrize(("changed", "given_"), TABLE)
def test_what_the_rules_of_an_event_give(changed: dict[str, Any], given_: dict[str, tuple[int, Reason]]) -> None:
    found = entitlements(Order.of_event(happened(**changed)), TERMS)
    assert {one.rule: (one.want_minor, one.reason) for one in found} == given_


def test_both_sides_are_named_and_the_hold_counts_from_what_happened() -> None:
    join, hello = entitlements(Order.of_event(happened()), TERMS)
    assert (join.side, join.beneficiary_id, join.unit) == ("ambassador", ANNA, "EUR")
    assert (hello.side, hello.beneficiary_id, hello.unit) == ("friend", "mia", "points")
    (first, _) = planned([happened()], {})
    assert (first.available_at, first.source_kind, first.source_id, first.event_name) == (
        NOON + timedelta(days=14),
        "event",
        "e1",
        "signup",
    )


def planned(states: list[Action], rewards: dict[RewardKey, Reward]) -> list[Reward]:
    """What rewards make of states, one after the other."""
    numbers = count(1)
    moment = Moment(now=NOON, day_of=lambda at: at.date(), new_id=lambda: f"rwd_{next(numbers)}")
    for state in states:
        order = Order.of_event(state)
        for change in plan(order, entitlements(order, TERMS), list(rewards.values()), Caps(), moment):
            rewards[change.after.key] = change.after
    return list(rewards.values())


def test_called_off_it_says_why() -> None:
    rewards = planned([happened(), happened(revision=2, cancelled=True, cancel_reason="fraud")], {})
    assert {(one.target_minor, one.reason, one.status) for one in rewards} == {
        (0, Reason.EVENT_CANCELLED, "reversed"),
    }


STATES = st.builds(
    happened,
    status=st.sampled_from(["attributed", "attributed", "rejected", "unattributed"]),
    cancelled=st.booleans(),
    event_number=st.integers(1, 3),
    ambassador_id=st.sampled_from([ANNA, BORIS]),
    settled_at=st.none(),
)


@given(st.lists(STATES, max_size=5), STATES)
def test_the_newest_state_alone_says_what_it_is_worth(before: list[Action], newest: Action) -> None:
    def worth(states: list[Action]) -> dict[RewardKey, int]:
        return {one.key: one.target_minor for one in planned(states, {}) if one.target_minor}

    assert worth([*before, newest]) == worth([newest])
    assert worth([*before, newest, newest]) == worth([newest])
