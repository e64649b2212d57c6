"""Tiers: what a multiplier makes of a reward, which tier a count reaches, when a window or a time of grace ends, and
that whatever comes in whatever order counts as a small model has it that goes through all orders for every day.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.conversions import Conversion
from contracts.program import Program
from contracts.tiers import Tiers
from services.rewards.grants.domain.caps import Caps
from services.rewards.grants.domain.plan import Moment, grades_of, plan
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Order, Reason, entitlements
from services.rewards.tiers import domain
from services.rewards.tiers.domain import IN_ALL, Count, Counted, Rules, Standing, TierKey
from tests.unit.rewards.build import AMBASSADOR_RULE, ANNA, BORIS, NOON, STORE, at, make_program, make_state

STEPS: list[dict[str, Any]] = [
    {"name": "Bronze", "at": 0},
    {"name": "Silver", "at": 2, "multiplier_basis_points": 15_000},
    {"name": "Gold", "at": 4, "multiplier_basis_points": 20_000},
]
BY_FRIENDS: dict[str, Any] = {"of": "friends", "steps": STEPS}
TENURE: dict[str, Any] = {"of": "tenure", "steps": [{"name": "Old friend", "at": 6}]}
UTC_ZONE = ZoneInfo("UTC")


def tiered(tiers: dict[str, Any] | None = None, *rules: dict[str, Any]) -> Program:
    """The usual program, with tiers."""
    return Program.model_validate(
        make_program(*rules).model_dump(mode="json") | {"tiers": BY_FRIENDS if tiers is None else tiers}
    )


def tiers(**changed: Any) -> Tiers:
    return Tiers.model_validate(BY_FRIENDS | changed)


def settled(order_id: str, **changed: Any) -> Conversion:
    return make_state(order_id, **{"settled_at": NOON, **changed})


def granted(program: Program, tier: str | None, before: Sequence[Reward] = (), **changed: Any) -> dict[str, Reward]:
    """What an order brings to who is in a tier, by rule, behind what it brought before."""
    order = Order.of(make_state(**changed))
    grades = grades_of(order, program, before, tier)
    moment = Moment(now=NOON, day_of=lambda moment: moment.date(), new_id=lambda: "rwd_1")
    changes = plan(order, entitlements(order, program, grades=grades), before, Caps(), moment)
    return {one.rule: one for one in before} | {change.after.rule: change.after for change in changes}


@pytest.mark.parametrize(
    ("give", "per_order", "tier", "amount"),
    [
        ({"kind": "fixed", "amount_minor": 1_000}, None, "Bronze", 1_000),
        ({"kind": "fixed", "amount_minor": 1_000}, None, "Silver", 1_500),
        ({"kind": "fixed", "amount_minor": 1_000}, None, "Gold", 2_000),
        ({"kind": "fixed", "amount_minor": 1_000}, None, None, 1_000),
        ({"kind": "fixed", "amount_minor": 1_000}, None, "of another version", 1_000),
        ({"kind": "fixed", "amount_minor": 1}, None, "Silver", 2),
        ({"kind": "fixed", "amount_minor": 333}, None, "Silver", 500),
        ({"kind": "percent", "basis_points": 1_000}, None, "Silver", 690),
        ({"kind": "percent", "basis_points": 1_000}, 600, "Silver", 600),
    ],
)
def test_what_a_tier_makes_of_a_reward(
    give: dict[str, Any], per_order: int | None, tier: str | None, amount: int
) -> None:
    rule = AMBASSADOR_RULE | {"give": give, "limits": {"per_order_minor": per_order}}
    friend = rule | {"name": "friend", "to": "friend"}
    given = granted(tiered(None, rule, friend), tier)
    assert given["ambassador"].target_minor == amount
    assert given["ambassador"].tier == (tier if tier in ("Bronze", "Silver", "Gold") else None)
    plain = granted(make_program(rule, friend), tier)
    assert given["friend"].target_minor == plain["friend"].target_minor
    assert (given["friend"].multiplier, plain["ambassador"].multiplier) == (None, None)


def test_the_tier_of_the_first_grant_stays() -> None:
    """Half goes back, and comes back, while the ambassador falls, and rises: the multiplier is that of the start."""
    program = tiered()
    first = granted(program, "Silver")
    assert (first["ambassador"].target_minor, first["ambassador"].multiplier) == (690, 15_000)
    half = granted(program, "Gold", list(first.values()), revision=2, refunded_minor=2545)
    assert (half["ambassador"].target_minor, half["ambassador"].tier) == (345, "Silver")
    again = granted(program, "Bronze", list(half.values()), revision=3)
    assert (again["ambassador"].target_minor, again["ambassador"].basis["multiplier"]) == (690, 15_000)


def test_a_rule_can_be_for_some_tiers_and_an_order_goes_by_the_tier_of_its_first_reward() -> None:
    silver = AMBASSADOR_RULE | {"name": "silver", "when": {"tiers": ["silver"]}}
    gold = AMBASSADOR_RULE | {"name": "gold", "when": {"tiers": ["Gold", "Platinum"]}}
    program = tiered(None, silver, gold)
    assert {name: one.target_minor for name, one in granted(program, "Silver").items()} == {"silver": 690}
    assert {name: one.target_minor for name, one in granted(program, "Gold").items()} == {"gold": 920}
    assert granted(program, "Bronze") == granted(program, None) == {}
    [_, why] = entitlements(
        Order.of(make_state()), program, grades=grades_of(Order.of(make_state()), program, (), "Silver")
    )
    assert (why.want_minor, why.reason) == (0, Reason.OTHER_TIER)
    # Who has risen since gets no second reward for the same order.
    first = granted(program, "Silver")
    assert granted(program, "Gold", list(first.values()), revision=2, settled_at=NOON).keys() == {"silver"}


def test_a_tier_can_hold_for_another_time_than_the_rule_does() -> None:
    steps = [STEPS[0], STEPS[1] | {"hold_days": 0}, STEPS[2] | {"hold_days": 30}]
    program = tiered(BY_FRIENDS | {"steps": steps})
    placed_at = make_state().placed_at
    for tier, days in {"Bronze": AMBASSADOR_RULE["hold_days"], "Silver": 0, "Gold": 30}.items():
        assert granted(program, tier)["ambassador"].available_at == placed_at + timedelta(days=days)


def test_tiers_are_asked_for_by_rules_to_ambassadors_alone() -> None:
    with pytest.raises(ValidationError, match="leave tiers out of a rule to friends"):
        tiered(None, AMBASSADOR_RULE | {"to": "friend", "when": {"tiers": ["Gold"]}})


def test_what_was_granted_before_there_were_tiers_is_not_multiplied() -> None:
    first = granted(make_program(), None)
    later = granted(tiered(), "Gold", list(first.values()), revision=2, program_version=2)
    assert (later["ambassador"].target_minor, later["ambassador"].multiplier) == (460, None)


def test_what_has_not_been_granted_yet_has_no_tier_to_keep() -> None:
    """A settled order in whose refund all went back gives nothing until that refund fails."""
    then = {"figures": make_state().figures}
    gone = granted(tiered(), "Silver", settled_at=NOON, refunded_minor=5090, at_settling=then)
    assert (gone["ambassador"].target_minor, gone["ambassador"].granted_at) == (0, None)
    back = granted(tiered(), "Gold", list(gone.values()), revision=2, settled_at=NOON, at_settling=then)
    assert (back["ambassador"].target_minor, back["ambassador"].tier) == (920, "Gold")


@pytest.mark.parametrize(
    ("joined", "zone", "moment", "tier"),
    [
        ("2026-01-15T10:00", "UTC", "2026-07-15T23:59:59", None),
        ("2026-01-15T10:00", "UTC", "2026-07-16T00:00", "Old friend"),
        # Where the store is: 15 January there, 14 January in London.
        ("2026-01-15T01:00", "Europe/Moscow", "2026-07-15T23:59:59", None),
        ("2026-01-15T01:00", "Europe/Moscow", "2026-07-16T00:00", "Old friend"),
        ("2026-08-31T12:00", "Europe/Bucharest", "2027-02-28T23:59:59", None),
        ("2026-08-31T12:00", "Europe/Bucharest", "2027-03-01T00:00", "Old friend"),
        ("2027-08-30T12:00", "UTC", "2028-03-01T00:00", "Old friend"),
    ],
)
def test_over_six_months(joined: str, zone: str, moment: str, tier: str | None) -> None:
    rules = Rules(1, Tiers.model_validate(TENURE), ZoneInfo(zone))
    day = at(joined, zone).date()
    start = domain.advance(None, rules, {}, day, at(joined, zone))
    assert start.tier is None and start.due_at is not None
    later = domain.advance(start, rules, {}, day, at(moment, zone))
    assert later.tier == tier
    # And whoever looks at the moment that it said, and not before, finds the same.
    assert domain.advance(start, rules, {}, day, start.due_at - timedelta(microseconds=1)).tier is None
    assert domain.advance(start, rules, {}, day, start.due_at).tier == "Old friend"


def days(**by: int) -> dict[date, Count]:
    """Friends by day of January 2026, d1=3: three on the first; and in all."""
    found = {date(2026, 1, int(name[1:])): Count(number, number, 0) for name, number in by.items()}
    return found | {IN_ALL: Count(sum(by.values()), 0, 0)}


def walk(rules: Rules, kept: Mapping[date, Count], start: datetime, until: datetime) -> list[tuple[str, str | None]]:
    """Whom the clock alone moves, and when: the job looks at each moment that the standing says, and at no other."""
    standing = domain.advance(None, rules, kept, None, start)
    found = [(f"{start:%d %b}", standing.tier)]
    while standing.due_at is not None and standing.due_at <= until:
        after = domain.advance(standing, rules, kept, None, standing.due_at)
        if after.tier != standing.tier:
            found.append((f"{after.since.astimezone(rules.zone):%d %b}", after.tier))
        standing = after
    # Late and all at once it comes to the same.
    assert domain.advance(domain.advance(None, rules, kept, None, start), rules, kept, None, until).tier == found[-1][1]
    return found


@pytest.mark.parametrize(
    ("changed", "moved"),
    [
        ({"window": {"kind": "ever"}}, [("10 Jan", "Gold")]),
        ({"window": {"kind": "calendar", "period": "month"}}, [("10 Jan", "Gold")]),
        (
            {"window": {"kind": "calendar", "period": "month"}, "when_below": {"then": "match"}},
            [("10 Jan", "Gold"), ("01 Feb", "Bronze")],
        ),
        (
            {"window": {"kind": "calendar", "period": "quarter"}, "when_below": {"then": "match"}},
            [("10 Jan", "Gold"), ("01 Apr", "Bronze")],
        ),
        (
            {"window": {"kind": "calendar", "period": "year"}, "when_below": {"then": "match"}},
            [("10 Jan", "Gold"), ("01 Jan", "Bronze")],
        ),
        (
            {"window": {"kind": "rolling", "days": 30}, "when_below": {"then": "match"}},
            # Three on the first, one each on the fourth and the tenth.
            [("10 Jan", "Gold"), ("31 Jan", "Silver"), ("03 Feb", "Bronze")],
        ),
        (
            {"window": {"kind": "rolling", "days": 30}, "when_below": {"then": "one_step", "grace_days": 10}},
            [("10 Jan", "Gold"), ("10 Feb", "Silver"), ("20 Feb", "Bronze")],
        ),
        (
            {"window": {"kind": "calendar", "period": "month"}, "when_below": {"then": "one_step", "grace_days": 20}},
            [("10 Jan", "Gold"), ("21 Feb", "Silver"), ("13 Mar", "Bronze")],
        ),
        ({"window": {"kind": "rolling", "days": 30}}, [("10 Jan", "Gold")]),
    ],
)
def test_what_time_alone_does(changed: dict[str, Any], moved: list[tuple[str, str | None]]) -> None:
    steps = [STEPS[0], STEPS[1], STEPS[2] | {"at": 5}]
    for zone in ("UTC", "America/Santiago"):  # where some midnights do not exist
        rules = Rules(1, tiers(steps=steps, **changed), ZoneInfo(zone))
        kept = days(d1=3, d4=1, d10=1)
        assert walk(rules, kept, at("2026-01-10T12:00", zone), at("2027-06-01T00:00", zone)) == moved


def test_who_comes_back_within_the_days_of_grace_stays() -> None:
    rules = Rules(1, tiers(when_below={"then": "one_step", "grace_days": 10}), UTC_ZONE)
    gold = domain.advance(None, rules, {IN_ALL: Count(4)}, None, NOON)
    below = domain.advance(gold, rules, {IN_ALL: Count(1)}, None, NOON + timedelta(days=1))
    assert (below.tier, below.falls_at) == ("Gold", NOON + timedelta(days=11))
    # Less still does not begin it anew; and who is back is not due.
    still = domain.advance(below, rules, {IN_ALL: Count(0)}, None, NOON + timedelta(days=5))
    assert still.due_at == below.falls_at
    assert domain.advance(still, rules, {IN_ALL: Count(4)}, None, NOON + timedelta(days=6)).due_at is None
    fallen = domain.advance(still, rules, {IN_ALL: Count(1)}, None, NOON + timedelta(days=12))
    assert (fallen.tier, fallen.since, fallen.due_at) == (
        "Silver",
        NOON + timedelta(days=11),
        NOON + timedelta(days=21),
    )


def test_another_version_moves_people_and_says_why() -> None:
    rules = Rules(1, tiers(), UTC_ZONE)
    kept = {IN_ALL: Count(4)}
    gold = domain.advance(None, rules, kept, None, NOON)
    first = domain.move_of(None, gold, rules.tiers)
    assert first is not None and (first.left, first.why, first.after.revision) == ("Bronze", "reached", 1)
    harder = Rules(2, tiers(steps=[STEPS[0], STEPS[1] | {"at": 3}, STEPS[2] | {"at": 9}]), UTC_ZONE)
    assert domain.advance(gold, harder, kept, None, NOON).tier == "Gold"  # kept
    renamed = Rules(2, tiers(steps=[STEPS[0], {"name": "Star", "at": 4}]), UTC_ZONE)
    moved = domain.move_of(first.after, domain.advance(first.after, renamed, kept, None, NOON), renamed.tiers)
    assert moved is not None and (moved.left, moved.after.tier, moved.why) == ("Gold", "Star", "program_changed")
    without = domain.advance(first.after, Rules(2, None, UTC_ZONE), kept, None, NOON)
    gone = domain.move_of(first.after, without, None)
    assert gone is not None and (gone.after.tier, gone.why) == (None, "program_changed")


def test_nobody_who_is_where_everybody_begins_needs_a_standing() -> None:
    rules = Rules(1, tiers(when_below={"then": "match"}), UTC_ZONE)
    assert domain.move_of(None, domain.advance(None, rules, {IN_ALL: Count(1)}, None, NOON), rules.tiers) is None


@pytest.mark.parametrize(
    ("changed", "place", "text"),
    [
        ({"of": "clicks"}, ("of",), "Input should be"),
        ({"steps": []}, ("steps",), "at least 1"),
        ({"steps": [{"name": f"t{n}", "at": n} for n in range(11)]}, ("steps",), "at most 10"),
        ({"steps": [STEPS[1], STEPS[0]]}, ("steps",), "steps.1.at is 0, and the tier before it begins at 2"),
        ({"steps": [STEPS[1], STEPS[1] | {"name": "b"}]}, ("steps",), "steps.1.at is 2"),
        ({"steps": [STEPS[0], STEPS[1] | {"name": "BRONZE"}]}, ("steps",), "same name"),
        ({"steps": [STEPS[0] | {"multiplier_basis_points": 0}]}, ("steps", 0, "multiplier_basis_points"), "greater"),
        ({"steps": [STEPS[0] | {"at": -1}]}, ("steps", 0, "at"), "greater"),
        ({"steps": [STEPS[0] | {"at": 1.5}]}, ("steps", 0, "at"), "integer"),
        ({"window": {"kind": "rolling"}}, ("window", "rolling", "days"), "required"),
        ({"window": {"kind": "rolling", "days": 400}}, ("window", "rolling", "days"), "366"),
        ({"window": {"kind": "calendar", "period": "week"}}, ("window", "calendar", "period"), "quarter"),
        ({"when_below": {"then": "one_step", "grace_days": 0}}, ("when_below", "one_step", "grace_days"), "greater"),
        (TENURE | {"window": {"kind": "rolling", "days": 30}}, ("window",), "no window"),
        (TENURE | {"when_below": {"then": "match"}}, ("when_below",), "never grows less"),
        (TENURE | {"steps": [{"name": "a", "at": 1_201}]}, ("steps",), "1200"),
    ],
)
def test_a_mistake_names_its_place(changed: dict[str, Any], place: tuple[str | int, ...], text: str) -> None:
    with pytest.raises(ValidationError) as found:
        tiered(BY_FRIENDS | changed)
    assert found.value.errors()[0]["loc"] == ("tiers", *place)
    assert text in found.value.errors()[0]["msg"]


class Kept:
    """Tiers as rewards keeps them, in memory: the newest state of each order, rows, counters by day, standings."""

    def __init__(self, program: Program, now: datetime) -> None:
        self.rules = Rules(1, program.tiers, UTC_ZONE)
        self.program, self.now = program, now
        self.revisions: dict[str, int] = {}
        self.rows: dict[str, Counted] = {}
        self.counts: dict[TierKey, dict[date, Count]] = {}
        self.standings: dict[TierKey, Standing] = {}

    def take(self, *states: Conversion) -> None:
        """One batch, as the actions take it."""
        newest = {s.order_id: s for s in sorted(states, key=lambda s: s.revision)}
        fresh = [s for s in newest.values() if s.revision > self.revisions.get(s.order_id, 0)]
        self.revisions |= {s.order_id: s.revision for s in fresh}
        was = [self.rows[s.order_id] for s in fresh if s.order_id in self.rows]
        counted = [
            domain.counted(
                Order.of(s), self.program, today=self.now.date(), zone=UTC_ZONE, before=self.rows.get(s.order_id)
            )
            for s in fresh
        ]
        now = [one for one in counted if one is not None]
        friends = domain.friends_of([*was, *now])
        first = self._first_days(friends)
        for state in fresh:
            self.rows.pop(state.order_id, None)
        self.rows |= {one.order_id: one for one in now}
        for key, moved in domain.differences(was, now, first, self._first_days(friends)).items():
            before = domain.advance(self.standings.get(key), self.rules, self.counts.get(key, {}), None, self.now)
            kept = self.counts.setdefault(key, {})
            kept |= {day: kept.get(day, Count()).plus(by) for day, by in moved.items()}
            self.standings[key] = domain.advance(before, self.rules, kept, None, self.now)

    def _first_days(self, friends: set[domain.FriendKey]) -> dict[domain.FriendKey, date]:
        mine = {friend: [r.day for r in self.rows.values() if (r.key, r.friend_id) == friend] for friend in friends}
        return {friend: min(found) for friend, found in mine.items() if found}


def test_one_person_is_one_friend_under_however_many_customer_ids() -> None:
    kept = Kept(tiered(), NOON)
    kept.take(*(settled(str(n), friend_id=f"account-{n}", order_number=n, person="mia") for n in (1, 2)))
    assert kept.counts[TierKey(STORE, ANNA, "prg_a")][IN_ALL] == Count(1, 2, 9200)


LAST = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATES = st.builds(
    lambda number, revision, who, friend, gone, day: settled(
        f"o{number}",
        revision=revision,
        ambassador_id=who,
        friend_id=friend,
        refunded_minor=gone if gone != "cancelled" else 0,
        cancelled=gone == "cancelled",
        # An order settles once: what day that is follows from its number, and not every one has.
        settled_at=LAST - timedelta(days=number * 9) if revision > day else None,
    ),
    st.integers(0, 7),
    st.integers(1, 4),
    st.sampled_from([ANNA, BORIS]),
    st.sampled_from(["mia", "noa", "ole"]),
    st.sampled_from([0, 0, 2545, 5090, "cancelled"]),
    st.sampled_from([0, 0, 1]),
)


def expected(states: Sequence[Conversion], who: str, first: date) -> Count:
    """What stands of the newest states since a day: friends by the first of their orders that stands, on all days."""
    newest: dict[str, Conversion] = {}
    for state in states:
        if state.order_id not in newest or newest[state.order_id].revision < state.revision:
            newest[state.order_id] = state
    mine = [
        (s.settled_at.date(), s.friend_id, 2300 if s.refunded_minor else 4600)
        for s in newest.values()
        if s.settled_at and not s.cancelled and s.refunded_minor < 5090 and s.ambassador_id == who
    ]
    friends = {friend: min(day for day, other, _ in mine if other == friend) for _, friend, _ in mine}
    within = [one for one in mine if one[0] >= first]
    return Count(sum(day >= first for day in friends.values()), len(within), sum(revenue for *_, revenue in within))


@given(
    st.lists(STATES, max_size=25),
    st.randoms(use_true_random=False),
    st.sampled_from(["friends", "orders", "revenue"]),
    st.sampled_from([{"kind": "ever"}, {"kind": "calendar", "period": "quarter"}, {"kind": "rolling", "days": 30}]),
)
def test_in_any_order_and_again_it_counts_as_the_newest_states_say(
    states: list[Conversion], chance: Any, of: str, window: dict[str, Any]
) -> None:
    steps = [one | {"at": one["at"] * (4600 if of == "revenue" else 1)} for one in STEPS]
    program = tiered({"of": of, "window": window, "when_below": {"then": "match"}, "steps": steps})
    assert program.tiers is not None
    reported = list({(s.order_id, s.revision): s for s in states}.values())
    kept = Kept(program, LAST)
    again = [*reported, *chance.sample(reported, len(reported) // 2)]
    chance.shuffle(again)
    while again:
        size = chance.randint(1, 4)
        kept.take(*again[:size])
        again = again[size:]
    for who in (ANNA, BORIS):
        key = TierKey(STORE, who, "prg_a")
        counts = kept.counts.get(key, {})
        assert counts.get(IN_ALL, Count()) == expected(reported, who, date.min)
        first = {"ever": date.min, "calendar": date(2026, 1, 1), "rolling": date(2026, 1, 31)}[window["kind"]]
        number = expected(reported, who, first).of(of)
        assert domain.count_on(program.tiers, counts, LAST.date()) == number
        # Nothing is kept of whom nothing ever counted for. Where all is matched at once, the last state is all.
        standing = kept.standings.get(key)
        reached = max((one for one in program.tiers.steps if one.at <= number), key=lambda one: one.at)
        assert ("Bronze" if standing is None else standing.tier) == reached.name
        due = domain.advance(standing, kept.rules, counts, None, LAST).due_at
        if due is not None:
            before, after = ((due + by).date() for by in (-timedelta(microseconds=1), timedelta()))
            assert domain.count_on(program.tiers, counts, before) >= reached.at
            assert domain.count_on(program.tiers, counts, after) < reached.at
