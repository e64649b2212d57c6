"""Plans: all of the bonus or nothing, what a settled order counts as and in which period, and that all that comes, in
whatever order, ends as a small model has it that only looks at the newest state of each order and target.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
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
from services.common.plan_periods import PlanPeriod
from services.rewards.budgets.domain import smallest_gift
from services.rewards.grants.domain import plan_targets
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment, rejected
from services.rewards.grants.domain.plan_targets import Count, PlanKey, Sold, Stand
from services.rewards.grants.domain.reward import Change, Reward
from services.rewards.lots.domain import term_of
from services.rewards.plan_targets.domain import Wanted, Wrong, read_lines, target_of
from services.rewards.rules.domain import Order, Reason
from tests.unit.rewards.build import ANNA, BORIS, NOON, PROGRAM, STORE, make_program, make_state

BONUS: dict[str, Any] = {"name": "bonus", "give": {"kind": "percent", "basis_points": 600}, "pay_as": "cash"}
ORDERS: dict[str, Any] = {"name": "many", "on": {"of": "orders", "period": "quarter"}, "pay_as": "points"} | {
    "give": {"kind": "fixed", "amount_minor": 70}
}
FRIENDS: dict[str, Any] = {"name": "circle", "on": {"of": "friends", "period": "year"}} | {
    "give": {"kind": "fixed", "amount_minor": 900}
}
NOVEMBER = date(2026, 11, 1)


def terms(*rules: dict[str, Any], budget_minor: int | None = None) -> Program:
    """A program that only has plans."""
    basis = make_program(budget_minor=budget_minor).model_dump(mode="json")
    return Program.model_validate(basis | {"rewards": [], "plan_rewards": rules or [BONUS, ORDERS, FRIENDS]})


def settled(order_id: str, **changed: Any) -> Conversion:
    return make_state(order_id, **{"settled_at": NOON, **changed})


def key_of(who: str, goal: str = "bonus/month/revenue", first: date = NOVEMBER) -> PlanKey:
    return PlanKey(STORE, who, PROGRAM, goal, first)


@pytest.mark.parametrize(
    ("sold", "target", "bonus"),
    [
        (1_000_000, 1_000_000, 60_000),
        (999_999, 1_000_000, 0),
        (1_000_001, 1_000_000, 60_000),
        (1_000_008, 1_000_000, 60_000),
        (1_000_009, 1_000_000, 60_001),
        (2_500_000, 1_000_000, 150_000),
        (0, 1, 0),
        (1_000_000, None, 0),
    ],
)
def test_all_of_it_or_nothing(sold: int, target: int | None, bonus: int) -> None:
    stand = Stand(Count(sold, sold), 1)
    assert plan_targets.due_of(key_of(ANNA), stand, target, terms(BONUS)) == bonus


@pytest.mark.parametrize(
    ("text", "first", "last", "written"),
    [
        ("2027-03", date(2027, 3, 1), date(2027, 3, 31), "2027-03"),
        ("2027-12", date(2027, 12, 1), date(2027, 12, 31), "2027-12"),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29), "2028-02"),
        (" 2027-q1 ", date(2027, 1, 1), date(2027, 3, 31), "2027-Q1"),
        ("2027-Q4", date(2027, 10, 1), date(2027, 12, 31), "2027-Q4"),
        ("2027", date(2027, 1, 1), date(2027, 12, 31), "2027"),
    ],
)
def test_a_period_is_read_and_written(text: str, first: date, last: date, written: str) -> None:
    period = PlanPeriod.read(text)
    assert period is not None
    assert (period.first, period.last, period.text) == (first, last, written)
    assert PlanPeriod.holding(period.kind, last) == PlanPeriod.holding(period.kind, first) == period


@pytest.mark.parametrize("text", ["", "2027-13", "2027-00", "2027-Q5", "2027-3", "1969", "3000", "03-2027", "２０２７"])
def test_what_is_no_period_is_refused(text: str) -> None:
    assert PlanPeriod.read(text) is None


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (BONUS | {"on": {"of": "clicks"}}, ("on", "of")),
        (BONUS | {"on": {"period": "week"}}, ("on", "period")),
        (BONUS | {"to": "friend"}, ("to",)),
        (BONUS | {"give": {"kind": "percent", "basis_points": 0}}, ("give", "percent", "basis_points")),
        (BONUS | {"give": {"kind": "percent", "basis_points": 600, "of": "total"}}, ("give", "percent", "of")),
        (BONUS | {"give": {"kind": "fixed", "amount_minor": 0}}, ("give",)),
        (BONUS | {"pay_as": "points"}, ("pay_as",)),
        (BONUS | {"expires_after_days": 30}, ("pay_as",)),
        (BONUS | {"hold_days": 366}, ("hold_days",)),
    ],
)
def test_a_wrong_rule_names_the_place(rule: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as found:
        terms(rule)
    assert found.value.errors()[0]["loc"] == ("plan_rewards", 0, *place)


def test_a_plan_has_a_name_of_its_own() -> None:
    with pytest.raises(ValidationError, match="same name"):
        Program.model_validate(make_program().model_dump(mode="json") | {"plan_rewards": [BONUS | {"name": "friend"}]})


def test_what_a_program_gives_knows_of_plans() -> None:
    assert (smallest_gift(terms(BONUS)), smallest_gift(terms(FRIENDS)), smallest_gift(terms(ORDERS))) == (1, 900, None)
    assert term_of(terms(FRIENDS | {"expires_after_days": 30}), "circle").days == 30


@pytest.mark.parametrize(
    ("state", "revenue"),
    [
        (settled("1"), 4600),
        (settled("1", refunded_minor=2545), 2300),
        (settled("1", refunded_minor=5090), None),
        (settled("1", cancelled=True), None),
        (settled("1", status="rejected"), None),
        (make_state("1"), None),
        (settled("1", currency="USD"), 0),
    ],
)
def test_what_an_order_counts_as(state: Conversion, revenue: int | None) -> None:
    found = plan_targets.counted(Order.of(state), terms(), ZoneInfo("UTC"), None)
    assert (None if found is None else found.revenue_minor) == revenue


def test_an_order_counts_in_the_period_of_its_purchase_where_the_store_is_and_stays_there() -> None:
    eve = settled("1", placed_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    at_home = plan_targets.counted(Order.of(eve), terms(BONUS), ZoneInfo("UTC"), None)
    abroad = plan_targets.counted(Order.of(eve), terms(BONUS), ZoneInfo("Europe/Berlin"), None)
    assert at_home is not None
    assert abroad is not None
    assert [one.first for one in plan_targets.keys_of(at_home)] == [date(2026, 10, 1)]
    assert [one.first for one in plan_targets.keys_of(abroad)] == [NOVEMBER]
    moved = plan_targets.counted(Order.of(eve), terms(BONUS), ZoneInfo("UTC"), abroad)
    assert moved == abroad, "a store that moves to another zone moves nothing between periods"


class Kept:
    """Plans as rewards keeps them, in memory: the newest state of each order, rows, counters, targets, rewards."""

    def __init__(self, programs: dict[int, Program], budget: int | None = None) -> None:
        self.programs = programs
        self.revisions: dict[str, int] = {}
        self.rows: dict[str, Sold] = {}
        self.stands: dict[PlanKey, Stand] = {}
        self.targets: dict[PlanKey, int] = {}
        self.rewards: dict[tuple[str, str], Reward] = {}
        self.changes: list[Change] = []
        self.caps = Caps(budgets={} if budget is None else {(STORE, PROGRAM, "EUR"): budget})
        self._ids = count()

    def take(self, *states: Conversion) -> None:
        """One batch, as the actions take it."""
        newest = {s.order_id: s for s in sorted(states, key=lambda s: s.revision)}
        fresh = [s for s in newest.values() if s.revision > self.revisions.get(s.order_id, 0)]
        self.revisions |= {s.order_id: s.revision for s in fresh}
        orders = [Order.of(s) for s in fresh]
        was = [self.rows[o.order_id] for o in orders if o.order_id in self.rows]
        after = {}
        for order in orders:
            program, before = self.programs.get(order.program_version or 0), self.rows.get(order.order_id)
            if (one := plan_targets.counted(order, program, ZoneInfo("UTC"), before)) is not None:
                after[STORE, order.order_id] = one
        friends = plan_targets.friends_of([*was, *after.values()])
        counting = friends & plan_targets.friends_of(self.rows.values())
        for order in orders:
            self.rows.pop(order.order_id, None)
        self.rows |= {one.order_id: one for one in after.values()}
        now = friends & plan_targets.friends_of(self.rows.values())
        moved = plan_targets.differences(was, after.values(), counting, now)
        reached = plan_targets.reached_by(orders, after)
        for key, by in moved.items():
            stood, version = self.stands.get(key, Stand(Count(), 0))
            newer = max(version, reached[key].version if key in reached else 0)
            self.stands[key] = Stand(Count(stood[0] + by[0], stood[1] + by[1]), newer)
        self._decide({key: self.stands[key] for key in moved}, reached)

    def set(self, targets: Mapping[PlanKey, int | None]) -> None:
        """Targets that are set, changed, or taken away."""
        for key, target in targets.items():
            self.targets.pop(key, None)
            if target is not None:
                self.targets[key] = target
        self._decide({key: self.stands[key] for key in targets if key in self.stands}, {})

    def _decide(self, stands: Mapping[PlanKey, Stand], reached: Mapping[PlanKey, plan_targets.Reached]) -> None:
        zone = ZoneInfo("UTC")
        moment = Moment(now=NOON, day_of=lambda at: local_day(at, zone), new_id=lambda: f"rwd_{next(self._ids)}")
        versions = {(STORE, PROGRAM, version): program for version, program in self.programs.items()}
        moments = {STORE: (moment, zone)}
        for change in plan_targets.decide(stands, self.targets, reached, self.rewards, versions, self.caps, moments):
            self.rewards[STORE, change.after.source_id] = change.after
            self.changes.append(change)

    def amounts(self) -> dict[str, int]:
        return {source: r.target_minor for (_, source), r in self.rewards.items() if r.target_minor}


def test_the_bonus_falls_to_nothing_when_the_target_is_missed_again_and_follows_what_is_sold_above_it() -> None:
    kept = Kept({1: terms(BONUS)})
    kept.set({key_of(ANNA): 9_200})
    kept.take(settled("1"))
    assert kept.amounts() == {}
    kept.take(settled("2"))
    source = f"{ANNA}/bonus/month/revenue/2026-11"
    assert kept.amounts() == {source: 552}
    kept.take(settled("3"))
    assert kept.amounts() == {source: 828}
    kept.take(settled("3", revision=2, refunded_minor=2545))
    assert kept.amounts() == {source: 690}
    kept.take(settled("3", revision=3, cancelled=True), settled("2", revision=2, refunded_minor=1))
    assert kept.amounts() == {}
    (reward,) = kept.rewards.values()
    assert (reward.reason, reward.status) == (Reason.NOT_REACHED, "reversed")
    assert (reward.plan_target, reward.plan_counted, reward.plan_sold) == (9_200, 9_199, 9_199)
    kept.take(settled("4"))
    assert kept.amounts() == {source: 828}
    assert len(kept.rewards) == 1


def test_a_target_that_changes_decides_the_same_bonus_again() -> None:
    kept = Kept({1: terms(BONUS)})
    kept.take(settled("1"))
    assert kept.amounts() == {}, "without a target there is nothing to reach"
    kept.set({key_of(ANNA): 4_600})
    (before,) = kept.rewards.values()
    kept.set({key_of(ANNA): 4_601})
    assert kept.amounts() == {}
    kept.set({key_of(ANNA): 100})
    assert list(kept.amounts().values()) == [276]
    kept.set({key_of(ANNA): None})
    assert kept.amounts() == {}
    (after,) = kept.rewards.values()
    assert (after.reward_id, after.plan_target) == (before.reward_id, None)


def test_it_is_held_until_so_many_days_after_the_period_s_end() -> None:
    kept = Kept({1: terms(BONUS | {"hold_days": 10})})
    kept.set({key_of(ANNA): 1})
    kept.take(settled("1"))
    (reward,) = kept.rewards.values()
    assert reward.available_at == datetime(2026, 12, 11, tzinfo=UTC)
    late = NOON + timedelta(days=60)
    kept.set({key_of(BORIS): 1})
    kept.take(settled("2", ambassador_id=BORIS, settled_at=late))
    assert [r.available_at for r in kept.rewards.values()] == [reward.available_at, late]


def test_a_bonus_keeps_the_terms_of_its_first_grant_and_others_follow_the_newest_version() -> None:
    richer = BONUS | {"give": {"kind": "percent", "basis_points": 1_000}}
    kept = Kept({1: terms(BONUS), 2: terms(richer)})
    kept.set({key_of(ANNA): 4_600, key_of(BORIS): 9_200})
    kept.take(settled("1"), settled("2", ambassador_id=BORIS))
    kept.take(settled("3", program_version=2), settled("4", program_version=2, ambassador_id=BORIS))
    anna, boris = (kept.rewards[STORE, f"{who}/bonus/month/revenue/2026-11"] for who in (ANNA, BORIS))
    assert (anna.target_minor, anna.program_version) == (552, 1)
    assert (boris.target_minor, boris.program_version) == (920, 2)


def test_another_measure_or_period_under_the_same_name_begins_anew() -> None:
    kept = Kept({1: terms(BONUS), 2: terms(BONUS | {"on": {"period": "quarter"}})})
    kept.set({key_of(ANNA): 9_200, key_of(ANNA, "bonus/quarter/revenue", date(2026, 10, 1)): 9_200})
    kept.take(settled("1"), settled("2", program_version=2))
    assert kept.amounts() == {}
    kept.take(settled("3", program_version=2))
    assert kept.amounts() == {f"{ANNA}/bonus/quarter/revenue/2026-Q4": 552}


def test_the_budget_holds() -> None:
    kept = Kept({1: terms(BONUS)}, budget=400)
    kept.set({key_of(ANNA): 1, key_of(BORIS): 1})
    kept.take(settled("1"), settled("2", ambassador_id=BORIS))
    worth = sorted((r.target_minor, r.reason) for r in kept.rewards.values())
    assert worth == [(124, Reason.PARTLY_CAPPED), (276, Reason.GRANTED)]
    kept.set({key_of(ANNA): 5_000})
    assert sum(kept.amounts().values()) == 124
    kept.set({key_of(ANNA): 1})
    assert sum(kept.amounts().values()) == 400


def test_what_a_person_rejected_stays_so() -> None:
    kept = Kept({1: terms(BONUS)})
    kept.set({key_of(ANNA): 1})
    kept.take(settled("1"))
    ((source, reward),) = kept.rewards.items()
    kept.rewards[source] = rejected(reward, note="fraud", now=NOON).after
    kept.take(settled("2"))
    kept.set({key_of(ANNA): 2})
    assert kept.rewards[source].target_minor == 0
    assert kept.rewards[source].reason is Reason.REJECTED_BY_PERSON


OCTOBER = NOON - timedelta(days=10)
STATES = st.builds(
    lambda number, revision, who, friend, gone, version, at: settled(
        f"o{number}",
        revision=revision,
        ambassador_id=who,
        friend_id=friend,
        program_version=version,
        placed_at=at if number % 2 else NOON,
        refunded_minor=gone if gone != "cancelled" else 0,
        cancelled=gone == "cancelled",
        settled_at=NOON if revision > 1 else None,
    ),
    st.integers(0, 7),
    st.integers(1, 4),
    st.sampled_from([ANNA, BORIS]),
    st.sampled_from(["mia", "noa"]),
    st.sampled_from([0, 0, 2545, 5090, "cancelled"]),
    st.sampled_from([1, 1, 2]),
    st.just(OCTOBER),
)
GOALS = (
    *(("bonus/month/revenue", first) for first in (date(2026, 10, 1), NOVEMBER)),
    ("many/quarter/orders", date(2026, 10, 1)),
    ("circle/year/friends", date(2026, 1, 1)),
)
AIMS = st.builds(
    lambda who, goal, target: (key_of(who, *goal), target),
    st.sampled_from([ANNA, BORIS]),
    st.sampled_from(GOALS),
    st.sampled_from([None, 1, 2, 3, 4_600, 6_900, 9_200]),
)


def expected(states: Sequence[Conversion], targets: Mapping[PlanKey, int]) -> dict[str, int]:
    """What the newest states of all orders and the newest targets come to: 6 % of a month's revenue by both versions,
    70 points for a quarter's orders, and 9.00 for a year's friends by the first one only.
    """
    newest: dict[str, Conversion] = {}
    for state in states:
        if state.order_id not in newest or newest[state.order_id].revision < state.revision:
            newest[state.order_id] = state
    found: dict[str, int] = {}
    for key, target in targets.items():
        mine = [
            s
            for s in newest.values()
            if s.settled_at and not s.cancelled and s.refunded_minor < 5090 and s.ambassador_id == key.ambassador_id
        ]
        if key.goal == "bonus/month/revenue":
            sold = sum(
                2300 if s.refunded_minor else 4600 for s in mine if s.placed_at.date().replace(day=1) == key.first
            )
            worth = sold * 6 // 100 if sold >= target else 0
        else:
            mine = [s for s in mine if s.program_version == 1]
            orders, friends = len(mine), len({s.friend_id for s in mine})
            worth = (70 if orders >= target else 0) if "orders" in key.goal else 900 if friends >= target else 0
        found |= {plan_targets.source_of(key): worth} if worth else {}
    return found


@given(st.lists(STATES, max_size=20), st.lists(AIMS, max_size=8), st.randoms(use_true_random=False))
def test_in_any_order_and_again_it_ends_as_the_newest_states_and_targets_say(
    states: list[Conversion], aims: list[tuple[PlanKey, int | None]], chance: Any
) -> None:
    # One revision of an order says one thing, however often it is told; of targets the last one holds.
    reported = list({(s.order_id, s.revision): s for s in states}.values())
    kept = Kept({1: terms(), 2: terms(BONUS)})
    again = [*reported, *chance.sample(reported, len(reported) // 2)]
    chance.shuffle(again)
    left = list(aims)
    while again or left:
        if left and (not again or chance.random() < 0.5):
            kept.set(dict([left.pop(0)]))
            continue
        size = chance.randint(1, 4)
        kept.take(*again[:size])
        again = again[size:]
    targets = {key: target for key, target in dict(aims).items() if target is not None}
    assert kept.amounts() == expected(reported, targets)
    posted: dict[str, int] = defaultdict(int)
    for change in kept.changes:
        posted[change.after.source_id] += change.difference
    assert {source: total for source, total in posted.items() if total} == expected(reported, targets)
    for reward in kept.rewards.values():
        assert 0 <= reward.target_minor <= reward.want_minor <= reward.base_minor == reward.settled_minor
        stand, target = kept.stands.get(plan_targets.key_of(reward)), targets.get(plan_targets.key_of(reward))
        assert plan_targets.out_of_line(reward, stand, target, kept.programs[reward.program_version]) == ""


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheet_is_read_line_by_line(separator: str) -> None:
    lines = ["Code,Period,Target,Plan", "ANNA10,2027-03,10000.00,bonus", "", "BORIS,2027-Q1,-,"]
    text = "\ufeff" + "\r\n".join(lines).replace(",", separator)
    first, second = read_lines(text)
    assert (first.ambassador, first.plan, first.period, first.written, first.line) == (
        *("ANNA10", "bonus", "2027-03", "10000.00"),
        2,
    )
    assert (second.taken_away, second.line) == (True, 4)


@pytest.mark.parametrize(
    ("written", "currency", "read"),
    [
        ("10 000", "EUR", 1_000_000),
        ("10000.00", "EUR", 1_000_000),
        ("10000,5", "EUR", 1_000_050),
        ("10,000", "EUR", "10000.00"),
        ("10.000", "EUR", "10000.00"),
        ("1,000,000", "EUR", "10000.00"),
        ("10.000,00", "EUR", "10000.00"),
        ("10,000", "JPY", "10000"),
        ("10.000", "KWD", 10_000),
    ],
)
def test_ten_thousand_is_never_read_as_ten(written: str, currency: str, read: int | str) -> None:
    [rule] = terms(BONUS).plan_rewards
    found = target_of(Wanted(ANNA, "bonus", "2026-11", written=written), rule, currency)
    if isinstance(read, int):
        assert found == read
    else:
        assert isinstance(found, Wrong)
        assert (found.field, found.code) == ("target", "thousands")
        assert str(found.detail).endswith(f"like {read}.")
