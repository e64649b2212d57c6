"""Lots: each point by itself, against the functions that move many at once; when a lot expires; what rules may say."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import ValidationError

from contracts.program import Program
from services.rewards.ledger.domain import Entry, Holding, Movement, expiry, holdings
from services.rewards.lots.actions import days_of
from services.rewards.lots.domain import Debt, Holder, Lot, LotKey, expire, expires_at, put_in, take_back
from tests.unit.rewards.build import AMBASSADOR_RULE, make_program

HOLDER = Holder("str_a", "ambassador", "amb_a", "points", "points")
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
        """Also more than is there, as if some of it had been spent."""
        taken = take_back(self.lots[which], self.debt, amount)
        self.moved[self.lots[which].lot_id] += taken.undone
        self._note(taken.parts)
        self.went += amount
        for _ in range(amount):
            for state in ("expired", "active"):
                if state in self.points[which]:
                    self.points[which][self.points[which].index(state)] = "taken"
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


def test_a_rule_says_how_long_and_cash_is_for_ever() -> None:
    program = make_program(POINTS, AMBASSADOR_RULE | {"name": "cash"})
    assert [days_of(program, name) for name in ("ambassador", "cash", "")] == [30, 0, 0]
    assert days_of(None, "ambassador") == 0
    milestone = {"name": "five", "on": {"of": "friends", "every": 5}, "give": {"kind": "fixed", "amount_minor": 5}}
    more = Program.model_validate(
        program.model_dump() | {"milestone_rewards": [milestone | {"pay_as": "points", "expires_after_days": 9}]}
    )
    assert days_of(more, "five") == 9


@pytest.mark.parametrize(("changed", "word"), [({"pay_as": "cash"}, "cash"), ({"expires_after_days": 0}, "greater")])
def test_what_makes_no_sense_is_refused_where_it_stands(changed: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make_program(POINTS | changed)
    (mistake,) = caught.value.errors()
    assert mistake["loc"] == ("rewards", 0, next(iter(changed))) and word in mistake["msg"]
