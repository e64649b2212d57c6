"""Lots: each point by itself, against the functions that move many at once; when a lot expires; what rules may say."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import ValidationError

from contracts.program import Program
from services.rewards.ledger.domain import Entry, Holding, Movement, expiry, holdings
from services.rewards.lots.domain import (
    Clock,
    Debt,
    Holder,
    Lot,
    LotKey,
    Term,
    expire,
    expires_at,
    first_to_expire,
    last_day,
    notice_at,
    put_in,
    take_back,
    term_of,
)
from tests.unit.rewards.build import AMBASSADOR_RULE, make_program

HOLDER = Holder("str_a", "ambassador", "amb_a", "points", "points")
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
POINTS: dict[str, Any] = AMBASSADOR_RULE | {"pay_as": "points", "expires_after_days": 30}


class EachPoint(RuleBasedStateMachine):
    """Two lots of one holder; the model keeps every point by itself and decides about one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.debt = Debt()
        self.lots = [
            Lot(lot_id=f"lot_{n}", key=LotKey(HOLDER, "prg_a", "r", date(2026, 11, n), 30), expires_at=None)
            for n in (1, 2)
        ]
        self.points: list[list[str]] = [[], []]
        self.debt_left = self.came = self.went = 0
        self.moved: Counter[str | None] = Counter()

    @rule(which=st.integers(0, 1), amount=st.integers(1, 6))
    def comes_in(self, which: int, amount: int) -> None:
        self._note(put_in(self.lots[which], self.debt, amount))
        self.came += amount
        for _ in range(amount):
            if self.debt_left:
                self.debt_left -= 1
            else:
                self.points[which].append("active")

    @rule(which=st.integers(0, 1))
    def expires(self, which: int) -> None:
        gone = expire(self.lots[which])
        assert gone == self.points[which].count("active")
        self.moved[self.lots[which].lot_id] -= gone
        self.points[which] = ["expired" if one == "active" else one for one in self.points[which]]

    @rule(which=st.integers(0, 1), amount=st.integers(1, 8))
    def is_taken_back(self, which: int, amount: int) -> None:
        """Also more than is there, as if some of it had been spent: the other lot makes up for it first."""
        others = [one for one in first_to_expire(self.lots, datetime.now(UTC)) if one is not self.lots[which]]
        taken = take_back(self.lots[which], self.debt, amount, others)
        self.moved[self.lots[which].lot_id] += taken.undone
        self._note(taken.parts)
        self.went += amount
        for _ in range(amount):
            for lot, state in ((which, "expired"), (which, "active"), (1 - which, "active")):
                if state in self.points[lot]:
                    self.points[lot][self.points[lot].index(state)] = "taken"
                    break
            else:
                self.debt_left += 1

    def _note(self, parts: Any) -> None:
        for part in parts:
            self.moved[part.lot_id] += part.amount

    @invariant()
    def each_point_is_where_the_lot_says(self) -> None:
        for lot, points in zip(self.lots, self.points, strict=True):
            states = Counter(points)
            assert (lot.remaining, lot.expired, lot.clawed_back) == (
                *(states[one] for one in ("active", "expired", "taken")),
            )
            assert self.moved[lot.lot_id] == lot.remaining
        assert (self.debt.amount, self.moved[None]) == (self.debt_left, -self.debt_left)

    @invariant()
    def nobody_owes_what_they_could_use(self) -> None:
        assert self.debt.amount == 0 or all(lot.remaining == 0 for lot in self.lots)

    @invariant()
    def nothing_comes_from_nowhere(self) -> None:
        active, expired = (sum(getattr(lot, name) for lot in self.lots) for name in ("remaining", "expired"))
        assert self.came == active + expired + self.went - self.debt.amount


TestEachPoint = EachPoint.TestCase


@pytest.mark.parametrize(
    ("zone", "days", "moment"),
    [
        ("UTC", 1, datetime(2027, 3, 28, tzinfo=UTC)),
        ("Europe/Bucharest", 2, datetime(2027, 3, 28, 21, tzinfo=UTC)),  # the clocks went forward in between
        ("Asia/Tokyo", 365, datetime(2028, 3, 25, 15, tzinfo=UTC)),
    ],
)
def test_a_lot_expires_when_its_last_day_is_over_where_the_store_is(zone: str, days: int, moment: datetime) -> None:
    assert expires_at(date(2027, 3, 26), days, ZoneInfo(zone)) == moment
    assert expires_at(date(2027, 3, 26), 0, ZoneInfo(zone)) is None


def test_what_expires_leaves_the_holder_and_the_programs_expense_and_comes_back_when_that_is_undone() -> None:
    about: dict[str, Any] = {"store_id": "str_a", "lot_id": "lot_1", "program_id": "prg_a", "side": "friend"} | {
        "beneficiary_id": "mia",
        "unit": "EUR",
    }
    gone, back = expiry(**about, amount=300), expiry(**about, amount=200, corrects=7)
    assert gone.entries == (
        Entry(gone.entries[0].account, "mia", "EUR", 300),
        Entry(gone.entries[1].account, "prg_a", "EUR", -300),
    )
    assert [str(one.account) for one in gone.entries] == ["friend_available", "program_expense"]
    assert (gone.movement, back.movement, back.corrects) == (Movement.EXPIRE, Movement.RESTORE, 7)
    left = holdings([(one.store_id, one.movement, one.entries) for one in (gone, back)])
    assert left == {("str_a", "friend", "mia", "EUR"): Holding(available=-100, expired=100)}


@pytest.mark.parametrize(
    ("zone", "active", "expires", "told"),
    [
        ("UTC", date(2027, 3, 26), datetime(2027, 3, 29, tzinfo=UTC), datetime(2027, 3, 28, tzinfo=UTC)),
        # The clocks go forward on 28 March: that day has 23 hours.
        (
            "Europe/Bucharest",
            date(2027, 3, 26),
            datetime(2027, 3, 28, 21, tzinfo=UTC),
            datetime(2027, 3, 27, 22, tzinfo=UTC),
        ),
        ("Asia/Tokyo", date(2028, 2, 27), datetime(2028, 2, 29, 15, tzinfo=UTC), datetime(2028, 2, 28, 15, tzinfo=UTC)),
        (
            "America/Los_Angeles",
            date(2026, 10, 31),
            datetime(2026, 11, 3, 8, tzinfo=UTC),
            datetime(2026, 11, 2, 8, tzinfo=UTC),
        ),
    ],
)
def test_who_is_idle_is_told_a_day_before_it_expires_as_that_day_begins_where_the_store_is(
    zone: str, active: date, expires: datetime, told: datetime
) -> None:
    clock = Clock(clock_id="clk_1", holder=HOLDER, days=2, notice_days=1, expires_at=NOW, notice_at=None)
    clock.move_to(active, ZoneInfo(zone))
    assert (clock.expires_at, clock.notice_at) == (expires, told)
    assert last_day(expires, ZoneInfo(zone)) == active + timedelta(days=2)
    assert notice_at(expires, None, ZoneInfo(zone)) is None and notice_at(None, 1, ZoneInfo(zone)) is None


def test_what_expires_first_is_used_first_and_what_is_over_not_at_all() -> None:
    ends = {"a": None, "b": NOW + timedelta(days=9), "c": NOW + timedelta(days=2), "over": NOW, "empty": None}
    lots = [
        Lot(lot_id=name, key=LotKey(HOLDER, "prg_a", name, NOW.date(), 0), expires_at=at, granted=int(name != "empty"))
        for name, at in ends.items()
    ]
    assert [lot.lot_id for lot in first_to_expire(lots, NOW)] == ["c", "b", "a"]


def test_a_rule_says_how_long_and_cash_is_for_ever() -> None:
    idle = {"name": "idle", "expires_after_days": None, "expiry": {"kind": "idle", "days": 90}, "expiry_notice_days": 7}
    program = make_program(POINTS, AMBASSADOR_RULE | {"name": "cash"}, POINTS | idle)
    assert [term_of(program, name) for name in ("ambassador", "cash", "", "idle")] == [
        *(Term(30), Term(), Term()),
        Term(-90, 7),
    ]
    assert term_of(None, "ambassador") == Term()
    milestone = {"name": "five", "on": {"of": "friends", "every": 5}, "give": {"kind": "fixed", "amount_minor": 5}}
    more = Program.model_validate(
        program.model_dump() | {"milestone_rewards": [milestone | {"pay_as": "points", "expires_after_days": 9}]}
    )
    assert term_of(more, "five") == Term(9)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"pay_as": "cash"}, "cash"),
        ({"expires_after_days": 0}, "greater"),
        ({"pay_as": "cash", "expires_after_days": None, "expiry": {"kind": "idle", "days": 9}}, "leave expiry out"),
        ({"expiry": {"kind": "idle", "days": 9}}, "not both"),
        ({"expiry_notice_days": 30}, "fewer days"),
        ({"expiry_notice_days": 3, "expires_after_days": None}, "nothing expires"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(changed: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make_program(POINTS | changed)
    (mistake,) = caught.value.errors()
    assert mistake["loc"] == ("rewards", 0, next(iter(changed))) and word in mistake["msg"]
