"""Milestones: which steps a count reaches, what a settled order counts as, and that all that comes, in whatever order,
ends as a small model has it that only looks at the newest state of each order.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.conversions import Conversion
from contracts.program import Program
from services.common.periods import local_day
from services.rewards.grants.domain import milestones
from services.rewards.grants.domain.caps import Caps, budget_key
from services.rewards.grants.domain.milestones import Counted, Goal, GoalKey
from services.rewards.grants.domain.plan import Moment, rejected
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.rules.domain import Order, Reason
from tests.unit.rewards.build import ANNA, BORIS, NOON, PROGRAM, STORE, make_program, make_state

FIVE: dict[str, Any] = {"name": "five", "on": {"of": "friends", "every": 2}} | {
    "give": {"kind": "fixed", "amount_minor": 500}
}
ORDERS: dict[str, Any] = {"name": "many", "on": {"of": "orders", "at": 3}, "hold_days": 7, "pay_as": "points"} | {
    "give": {"kind": "fixed", "amount_minor": 70}
}
REVENUE: dict[str, Any] = {"name": "turnover", "on": {"of": "revenue", "every": 10_000}, "at_most": 2} | {
    "give": {"kind": "fixed", "amount_minor": 900}
}


def terms(*rules: dict[str, Any], budget_minor: int | None = None) -> Program:
    """A program that only rewards milestones."""
    basis = make_program(budget_minor=budget_minor).model_dump(mode="json")
    return Program.model_validate(basis | {"rewards": [], "milestone_rewards": rules or [FIVE, ORDERS, REVENUE]})


def settled(order_id: str, **changed: Any) -> Conversion:
    return make_state(order_id, **{"settled_at": NOON, **changed})


@pytest.mark.parametrize(
    ("goal", "one", "other", "steps"),
    [
        ("a/every/5/friends", 4, 5, [5]),
        ("a/every/5/friends", 5, 4, [5]),
        ("a/every/5/friends", 5, 9, []),
        ("a/every/5/friends", 0, 16, [5, 10, 15]),
        ("a/every/1/orders", 7, 8, [8]),
        ("a/at/10/friends", 9, 10, [10]),
        ("a/at/10/friends", 10, 30, []),
        ("a/at/10/friends", 0, 9, []),
        ("a/every/1/revenue", 0, 10**12, range(1, 1001)),
    ],
)
def test_steps_between_two_counts(goal: str, one: int, other: int, steps: Sequence[int]) -> None:
    assert list(Goal.read(goal).between(one, other)) == list(steps)


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (FIVE | {"on": {"of": "friends"}}, ("on",)),
        (FIVE | {"on": {"of": "friends", "every": 2, "at": 3}}, ("on",)),
        (FIVE | {"on": {"of": "clicks", "every": 2}}, ("on", "of")),
        (FIVE | {"give": {"kind": "percent", "basis_points": 100}}, ("give",)),
        (FIVE | {"to": "friend"}, ("to",)),
        (ORDERS | {"at_most": 3}, ("at_most",)),
        (FIVE | {"give": {"kind": "fixed", "amount_minor": 9 * 10**12 + 1}}, ("at_most",)),
        (REVENUE | {"give": {"kind": "fixed", "amount_minor": 9 * 10**15}}, ("at_most",)),
        ({key: value for key, value in REVENUE.items() if key != "at_most"}, ("at_most",)),
    ],
)
def test_a_wrong_rule_names_the_place(rule: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as found:
        terms(rule)
    assert [one["loc"][:2] for one in found.value.errors()] == [("milestone_rewards", 0)]
    assert found.value.errors()[0]["loc"][2:] == place


def test_all_milestones_together_may_come_to_so_much() -> None:
    largest = REVENUE | {"give": {"kind": "fixed", "amount_minor": 45 * 10**14}}
    assert terms(largest).milestone_rewards[0].at_most == 2
    with pytest.raises(ValidationError) as found:
        terms(largest, FIVE | {"give": {"kind": "fixed", "amount_minor": 1}})
    assert [one["loc"] for one in found.value.errors()] == [("milestone_rewards",)]


def test_a_milestone_has_a_name_of_its_own() -> None:
    with pytest.raises(ValidationError, match="same name"):
        Program.model_validate(
            make_program().model_dump(mode="json") | {"milestone_rewards": [FIVE | {"name": "ambassador"}]}
        )


@pytest.mark.parametrize(
    ("state", "revenue"),
    [
        (settled("1"), 4600),
        (settled("1", refunded_minor=2545), 2300),
        (settled("1", refunded_minor=5090), None),
        (settled("1", cancelled=True), None),
        (settled("1", status="rejected"), None),
        (settled("1", rejected_by_person=True), None),
        (make_state("1"), None),
        (settled("1", currency="USD"), 0),
    ],
)
def test_what_an_order_counts_as(state: Conversion, revenue: int | None) -> None:
    found = milestones.counted(Order.of(state), terms())
    assert (None if found is None else found.revenue_minor) == revenue


def test_one_person_is_one_friend_under_however_many_customer_ids() -> None:
    kept = Kept({1: terms(FIVE)})
    kept.take(*(settled(str(n), friend_id=f"account-{n}", order_number=n, person="mia") for n in (1, 2, 3)))
    assert kept.amounts() == {}
    kept.take(settled("4", friend_id="account-4", person="noa"))
    assert kept.amounts() == {f"{ANNA}/five/every/2/friends/2": 500}


def test_a_refund_that_fails_after_settling_brings_back_no_more_than_there_was() -> None:
    then = {"figures": settled("1").figures, "refunded_minor": 5090}
    assert milestones.counted(Order.of(settled("1", at_settling=then)), terms()) is None


def test_what_is_left_is_compared_in_money_and_not_in_shares() -> None:
    """Half had gone back of 46.00 when it settled; it was edited down to the other half, and that refund failed."""
    then = {"figures": settled("1").figures, "refunded_minor": 2545}
    edited = settled("1", subtotal_minor=2300, total_minor=2545, at_settling=then)
    found = milestones.counted(Order.of(edited), terms())
    assert found is not None and found.revenue_minor == 2300


@pytest.mark.parametrize("edited", [{"subtotal_minor": 0, "total_minor": 0}, {"subtotal_minor": 0, "total_minor": 490}])
def test_an_order_edited_to_nothing_since_it_settled_counts_no_more(edited: dict[str, int]) -> None:
    then = {"figures": settled("1").figures, "refunded_minor": 0}
    assert milestones.counted(Order.of(settled("1", at_settling=then, **edited)), terms()) is None
    free = settled("1", subtotal_minor=0, total_minor=0)
    assert milestones.counted(Order.of(free), terms()) is not None, "nor did it cost anything when it settled"


class Kept:
    """Milestones as rewards keeps them, in memory: the newest state of each order, rows, counters, rewards."""

    def __init__(self, programs: dict[int, Program], budget: int | None = None) -> None:
        self.programs = programs
        self.revisions: dict[str, int] = {}
        self.rows: dict[str, Counted] = {}
        self.counts: dict[GoalKey, int] = defaultdict(int)
        self.rewards: dict[tuple[str, str], Reward] = {}
        self.changes: list[Change] = []
        self.caps = Caps(budgets={} if budget is None else {(STORE, PROGRAM, "EUR"): budget})
        self._ids = count()

    def take(self, *states: Conversion) -> None:
        """One batch, as the actions take it."""
        newest = {s.order_id: s for s in sorted(states, key=lambda s: s.revision)}
        fresh = [s for s in newest.values() if s.revision > self.revisions.get(s.order_id, 0)]
        self.revisions |= {s.order_id: s.revision for s in fresh}
        orders = [(Order.of(s), self.programs.get(s.program_version or 0)) for s in fresh]
        was = [self.rows[o.order_id] for o, _ in orders if o.order_id in self.rows]
        now = [c for o, p in orders if (c := milestones.counted(o, p)) is not None]
        friends = milestones.friends_of([*was, *now])
        before = self._counting(friends)
        for order, _ in orders:
            self.rows.pop(order.order_id, None)
        self.rows |= {c.order_id: c for c in now}
        moved = milestones.differences(was, now, before, self._counting(friends))
        counts = {key: (self.counts[key], self.counts[key] + by) for key, by in moved.items()}
        for key, by in moved.items():
            self.counts[key] += by
        moment = Moment(
            now=NOON, day_of=lambda at: local_day(at, ZoneInfo("UTC")), new_id=lambda: f"rwd_{next(self._ids)}"
        )
        for change in milestones.plan_steps(
            counts, milestones.terms_of(orders), self.rewards, self.caps, {STORE: moment}
        ):
            self.rewards[STORE, change.after.source_id] = change.after
            self.changes.append(change)

    def _counting(self, friends: set[milestones.FriendKey]) -> set[milestones.FriendKey]:
        return friends & milestones.friends_of(self.rows.values())

    def amounts(self) -> dict[str, int]:
        return {source: r.target_minor for (_, source), r in self.rewards.items() if r.target_minor}


STATES = st.builds(
    lambda number, revision, who, friend, gone, version: settled(
        f"o{number}",
        revision=revision,
        ambassador_id=who,
        friend_id=friend,
        program_version=version,
        refunded_minor=gone if gone != "cancelled" else 0,
        cancelled=gone == "cancelled",
        settled_at=NOON if revision > 1 else None,
    ),
    st.integers(0, 7),
    st.integers(1, 4),
    st.sampled_from([ANNA, BORIS]),
    st.sampled_from(["mia", "noa", "ole"]),
    st.sampled_from([0, 0, 2545, 5090, "cancelled"]),
    st.sampled_from([1, 1, 2]),
)


def expected(states: Sequence[Conversion]) -> dict[str, int]:
    """What the newest states of all orders come to: 5.00 for every second friend, by both versions; 70 points at three
    orders and 9.00 for 100.00 sold, at most twice, by the first one only.
    """
    newest: dict[str, Conversion] = {}
    for state in states:
        if state.order_id not in newest or newest[state.order_id].revision < state.revision:
            newest[state.order_id] = state
    found: dict[str, int] = {}
    for who in (ANNA, BORIS):
        mine = [
            s
            for s in newest.values()
            if s.settled_at and not s.cancelled and s.refunded_minor < 5090 and s.ambassador_id == who
        ]
        friends = len({s.friend_id for s in mine})
        first = [s for s in mine if s.program_version == 1]
        sold = sum(2300 if s.refunded_minor else 4600 for s in first)
        found |= {f"{who}/five/every/2/friends/{n}": 500 for n in range(2, friends + 1, 2)}
        found |= {f"{who}/many/at/3/orders/3": 70} if len(first) >= 3 else {}
        found |= {f"{who}/turnover/every/10000/revenue/{n}": 900 for n in (10_000, 20_000) if n <= sold}
    return found


@given(st.lists(STATES, max_size=25), st.randoms(use_true_random=False))
def test_in_any_order_and_again_it_ends_as_the_newest_states_say(states: list[Conversion], chance: Any) -> None:
    # One revision of an order says one thing, however often it is told.
    reported = list({(s.order_id, s.revision): s for s in states}.values())
    kept = Kept({1: terms(), 2: terms(FIVE)})
    again = [*reported, *chance.sample(reported, len(reported) // 2)]
    chance.shuffle(again)
    while again:
        size = chance.randint(1, 4)
        kept.take(*again[:size])
        again = again[size:]
    assert kept.amounts() == expected(reported)
    posted: dict[str, int] = defaultdict(int)
    for change in kept.changes:
        posted[change.after.source_id] += change.difference
    assert {source: total for source, total in posted.items() if total} == expected(reported)
    for reward in kept.rewards.values():
        assert 0 <= reward.target_minor <= reward.want_minor <= reward.base_minor == reward.settled_minor


def test_a_step_keeps_the_terms_of_its_first_grant_and_others_follow_the_newest_version() -> None:
    richer = FIVE | {"give": {"kind": "fixed", "amount_minor": 800}, "hold_days": 3}
    kept = Kept({1: terms(FIVE), 2: terms(richer)})
    kept.take(settled("1"), settled("2"))
    kept.take(settled("2", revision=2, cancelled=True))
    assert kept.amounts() == {}
    kept.take(settled("3", program_version=2))
    kept.take(settled("4", program_version=2), settled("5"))
    two, four = (kept.rewards[STORE, f"{ANNA}/five/every/2/friends/{step}"] for step in (2, 4))
    assert (two.target_minor, two.program_version, two.available_at) == (500, 1, NOON)
    assert (four.target_minor, four.program_version, four.available_at) == (800, 2, NOON + timedelta(days=3))


def test_a_step_that_was_left_out_comes_when_it_is_passed_again_and_not_when_the_count_falls() -> None:
    kept = Kept({1: terms(FIVE | {"at_most": 1}), 2: terms(FIVE)})
    kept.take(*(settled(str(n)) for n in range(1, 5)))
    assert len(kept.rewards) == 1
    kept.take(settled("4", revision=2, cancelled=True), settled("3", revision=2, program_version=2))
    assert len(kept.rewards) == 1, "what was never given is not taken back"
    kept.take(settled("5", program_version=2))
    assert kept.amounts() == {f"{ANNA}/five/every/2/friends/{step}": 500 for step in (2, 4)}


def test_another_goal_under_the_same_name_begins_anew() -> None:
    kept = Kept({1: terms(FIVE), 2: terms(FIVE | {"on": {"of": "friends", "every": 3}})})
    kept.take(settled("1"), settled("2"), settled("3", program_version=2))
    assert kept.amounts() == {f"{ANNA}/five/every/2/friends/2": 500}
    kept.take(settled("4", program_version=2), settled("5", program_version=2))
    assert kept.amounts().keys() == {f"{ANNA}/five/every/2/friends/2", f"{ANNA}/five/every/3/friends/3"}


def test_the_budget_holds_and_what_falls_away_makes_room() -> None:
    kept = Kept({1: terms(FIVE)}, budget=700)
    kept.take(settled("1"), settled("2"), settled("3"), settled("4"))
    worth = [(r.target_minor, r.reason) for r in kept.rewards.values()]
    assert worth == [(500, Reason.GRANTED), (200, Reason.PARTLY_CAPPED)]
    kept.take(settled("4", revision=2, cancelled=True))
    assert kept.caps.spent[budget_key(next(iter(kept.rewards.values())))] == 500
    kept.take(settled("6", ambassador_id=BORIS), settled("7", ambassador_id=BORIS), settled("4", revision=3))
    assert sum(kept.amounts().values()) == 700


def test_what_a_person_rejected_stays_so() -> None:
    kept = Kept({1: terms(FIVE)})
    kept.take(settled("1"), settled("2"))
    ((key, reward),) = kept.rewards.items()
    kept.rewards[key] = rejected(reward, note="fraud", now=NOON).after
    kept.take(settled("2", revision=2, cancelled=True))
    kept.take(settled("3"))
    assert kept.rewards[key].target_minor == 0 and kept.rewards[key].reason is Reason.REJECTED_BY_PERSON
