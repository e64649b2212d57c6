"""Cashback: what an order that nobody referred counts as, how often a sum reaches what a rule asks, and that whatever
comes in whatever order ends at what the sum comes to.
"""

from collections.abc import Iterable
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
from services.rewards.grants.domain import cashback
from services.rewards.grants.domain.caps import Caps, budget_key
from services.rewards.grants.domain.cashback import Block, InForce, Spent, SpentKey, Standing
from services.rewards.grants.domain.plan import Moment, rejected
from services.rewards.grants.domain.reward import Reward
from services.rewards.rules.domain import Order, Reason
from tests.unit.rewards.build import NOON, PROGRAM, STORE, make_program, make_state

FREE: dict[str, Any] = {
    "name": "free",
    "per_minor": 5000,
    "give": {"kind": "fixed", "amount_minor": 1},
    "pay_as": "points",
}


def giving(*rules: dict[str, Any], budget_minor: int | None = None, **changed: Any) -> Program:
    """A program that only has cashback."""
    basis = make_program(budget_minor=budget_minor).model_dump(mode="json")
    return Program.model_validate(basis | {"rewards": [], "cashback_rewards": rules or [FREE], **changed})


def bought(order_id: str, subtotal_minor: int = 5000, **changed: Any) -> Conversion:
    """A settled order that nobody referred."""
    state = {"status": "unattributed", "reason": "no_evidence", "settled_at": NOON, "friend_id": "mia"}
    return make_state(order_id, subtotal_minor=subtotal_minor, total_minor=subtotal_minor, **{**state, **changed})


class Books:
    """Counters and rewards in memory, as the service keeps them."""

    def __init__(self, program: Program) -> None:
        self.under = InForce(PROGRAM, 1, program)
        self.orders: dict[tuple[str, str], Spent] = {}
        self.stands: dict[SpentKey, Standing] = {}
        self.blocks: list[Block] = []
        self.rewards: dict[tuple[str, str], Reward] = {}
        self._ids = count(1)

    def take(self, *states: Conversion) -> None:
        orders = [(Order.of(state), self.under) for state in states]
        was = [self.orders[one] for one in {(o.store_id, o.order_id) for o, _ in orders} if one in self.orders]
        able = [(order, under, one) for order, under in orders if (one := cashback.counted(order, under)) is not None]
        now = [one for _, _, one in able]
        for order, _ in orders:
            self.orders.pop((order.store_id, order.order_id), None)
        self.orders |= {one.ref: one for one in now}
        moved, terms = cashback.differences(was, now), cashback.terms_of(able)
        spans = {}
        for key, more in moved.items():
            before = self.stands.get(key, Standing(0, 0))
            self.stands[key] = Standing(before.spent_minor + more, before.given)
            ends = [cashback.times_of(key.goal, spent) for spent in (before.spent_minor, before.spent_minor + more)]
            if ends[0] != ends[1]:
                spans[key] = (min(ends) + 1, max(ends))
        there = [b for b in self.blocks if b.key in spans and b.last >= spans[b.key][0] and b.first <= spans[b.key][1]]
        fresh = [b for key in spans if (b := cashback.block_after(key, self.stands[key], terms.get(key))) is not None]
        for block in fresh:
            self.stands[block.key] = Standing(self.stands[block.key].spent_minor, block.last)
        self.blocks += fresh
        moment = Moment(now=NOON, day_of=lambda at: local_day(at, ZoneInfo("UTC")), new_id=lambda: f"{next(self._ids)}")
        blocks = [*there, *fresh]
        for change in cashback.plan_blocks(blocks, self.stands, terms, self.rewards, self.caps(), {STORE: moment}):
            self.rewards[change.after.store_id, change.after.source_id] = change.after

    def caps(self) -> Caps:
        budget = self.under.program.budget
        unit = self.under.program.currency
        caps = Caps(budgets={} if budget is None else {(STORE, PROGRAM, unit): budget.amount_minor})
        for reward in self.rewards.values():
            caps.spend(budget_key(reward), reward.target_minor)
        return caps

    @property
    def worth(self) -> int:
        return sum(reward.target_minor for reward in self.rewards.values())


@pytest.mark.parametrize(("spent", "free"), [(4999, 0), (5000, 1), (14_999, 2), (15_000, 3), (0, 0)])
def test_one_is_free_for_each_fifty_spent(spent: int, free: int) -> None:
    """49.99, 50, 149.99 and 150 of their own bring 0, 1, 2 and 3: at once, and in three orders."""
    at_once, in_parts = Books(giving()), Books(giving())
    at_once.take(bought("1", spent))
    for number, part in enumerate((spent // 3, spent // 2, spent - spent // 3 - spent // 2)):
        in_parts.take(bought(f"{number}", part))
    assert (at_once.worth, in_parts.worth) == (free, free)


@pytest.mark.parametrize(
    ("changed", "revenue"),
    [
        ({}, 5000),
        ({"status": "rejected", "reason": "own_purchase"}, 5000),
        ({"refunded_minor": 1000}, 4000),
        ({"refunded_minor": 5000}, None),
        ({"cancelled": True}, None),
        ({"settled_at": None}, None),
        ({"rejected_by_person": True}, None),
        ({"status": "attributed", "reason": "code"}, None),
        ({"status": "pending", "reason": "unpaid", "settled_at": None}, None),
        ({"reason": "before_connection"}, None),
        ({"currency": "USD"}, None),
        ({"friend_id": "1"}, None),  # a guest without any name: the customer 1 is somebody else
        ({"friend_id": "1", "person": "1"}, None),
    ],
)
def test_what_an_order_counts_as(changed: dict[str, Any], revenue: int | None) -> None:
    found = cashback.counted(Order.of(bought("1", **changed)), InForce(PROGRAM, 1, giving()))
    assert (None if found is None else found.revenue_minor) == revenue


def test_the_program_of_the_best_rank_that_is_active_and_has_cashback_counts() -> None:
    paused, plain = giving(status="paused"), make_program()
    some = [InForce("prg_d", 1, giving(rank=2)), InForce("prg_c", 1, paused), InForce("prg_b", 3, plain)]
    found = cashback.chosen(some)
    assert found is not None and found.program_id == "prg_d"
    assert cashback.chosen(some[1:]) is None


def test_what_falls_away_takes_its_part_and_brings_it_back() -> None:
    books = Books(giving())
    books.take(bought("1", 12_000))
    books.take(bought("2", 9_000))
    assert {source: reward.target_minor for (_, source), reward in books.rewards.items()} == {
        "1/free/5000/1-2": 2,
        "2/free/5000/3-4": 2,
    }
    books.take(bought("1", 12_000, revision=2, refunded_minor=9_000))  # 120.00 are left
    left = [(reward.source_id, reward.target_minor, reward.reason) for reward in books.rewards.values()]
    assert left == [("1/free/5000/1-2", 2, Reason.GRANTED), ("2/free/5000/3-4", 0, Reason.NOT_REACHED)]
    books.take(bought("2", 9_000, revision=2, refunded_minor=8_000))  # 40.00 are left
    assert books.worth == 0
    books.take(bought("3", 14_000))  # 180.00: what was reached before comes back as it was
    assert {reward.source_id for reward in books.rewards.values()} == {"1/free/5000/1-2", "2/free/5000/3-4"}
    assert books.worth == 3
    books.take(bought("4", 7_000))
    assert (books.worth, books.stands[SpentKey(STORE, "mia", PROGRAM, "free/5000")]) == (5, Standing(25_000, 5))


def test_the_holder_is_whom_the_order_names_and_sums_are_the_persons() -> None:
    books = Books(giving())
    books.take(bought("1", 3_000, friend_id="c1", person="c1"))
    books.take(bought("2", 3_000, friend_id="c2", person="c1"))
    [reward] = books.rewards.values()
    assert (reward.side, reward.beneficiary_id, reward.ambassador_id) == ("friend", "c2", "")


def test_a_budget_holds_and_points_use_none_of_it() -> None:
    money = FREE | {"pay_as": "store_credit", "give": {"kind": "fixed", "amount_minor": 100}}
    books = Books(giving(money, budget_minor=250))
    books.take(bought("1", 20_000))
    [reward] = books.rewards.values()
    assert (reward.want_minor, reward.target_minor, reward.reason) == (400, 250, Reason.PARTLY_CAPPED)
    points = Books(giving(budget_minor=0))
    points.take(bought("1", 20_000))
    assert points.worth == 4


def test_it_is_given_so_often_at_most_and_what_was_refused_stays_so() -> None:
    books = Books(giving(FREE | {"at_most": 3}))
    books.take(bought("1", 100_000))
    assert books.worth == 3
    for key, reward in books.rewards.items():
        books.rewards[key] = rejected(reward, note=None, now=NOON).after
    books.take(bought("1", 100_000, revision=2, refunded_minor=95_000))
    books.take(bought("2", 100_000))
    assert books.worth == 0


ORDERS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 30_000), st.integers(0, 100), st.booleans()), min_size=1, max_size=12
)


@given(ORDERS, st.sampled_from([1, 3, 5000, 10_000]), st.lists(st.integers(1, 4), max_size=12))
def test_whatever_comes_ends_at_what_the_sum_comes_to(
    reported: list[tuple[int, int, int, bool]], per: int, sizes: list[int]
) -> None:
    """Each entry is another revision of one of five orders: its goods, how much of them went back, if it stands."""
    books = Books(giving(FREE | {"per_minor": per}))
    states: list[Conversion] = []
    totals: dict[int, int] = {}
    for revision, (order, total, back, cancelled) in enumerate(reported, 1):
        total = totals.setdefault(order, total)
        states.append(
            bought(f"{order}", total, revision=revision, refunded_minor=total * back // 100, cancelled=cancelled)
        )
    newest: dict[str, Conversion] = {}
    for batch in _batches(states, sizes):
        newest |= {one.order_id: one for one in batch}
        books.take(*{one.order_id: one for one in batch}.values())
    left = [
        one.figures.subtotal_minor - one.refunded_minor
        for one in newest.values()
        if not one.cancelled and one.refunded_minor < one.figures.total_minor
    ]
    assert books.worth == sum(left) // per
    covered = [n for block in books.blocks for n in range(block.first, block.last + 1)]
    assert covered == list(range(1, len(covered) + 1)), "each time is one reward's"


def _batches(states: list[Conversion], sizes: Iterable[int]) -> Iterable[list[Conversion]]:
    rest = list(states)
    for size in sizes:
        batch, rest = rest[:size], rest[size:]
        if batch:
            yield batch
    if rest:
        yield rest


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"per_minor": 0}, ("per_minor",)),
        ({"give": {"kind": "percent", "basis_points": 100}}, ("give",)),
        ({"give": {"kind": "fixed", "amount_minor": 0}}, ("give",)),
        ({"pay_as": "cash"}, ("pay_as",)),
        ({"to": "friend"}, ("to",)),
        ({"at_most": 1_000_001}, ("at_most",)),
        ({"give": {"kind": "fixed", "amount_minor": 9 * 10**9 + 1}}, ("at_most",)),
        ({"every": 5}, ("every",)),
    ],
)
def test_a_wrong_rule_names_the_place(changed: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as found:
        giving(FREE | changed)
    assert [one["loc"] for one in found.value.errors()] == [("cashback_rewards", 0, *place)]


def test_cashback_has_a_name_of_its_own() -> None:
    with pytest.raises(ValidationError, match="same name"):
        giving(FREE, FREE | {"per_minor": 1})


def test_a_source_is_read_as_it_is_written() -> None:
    source = cashback.source_of("1001", "free/5000", 2, 7)
    assert (source, cashback.read_source(source)) == ("1001/free/5000/2-7", ("free/5000", 2, 7))
