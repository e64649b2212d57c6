"""Random histories of giving, approving and taking back by several people, beside a model of sums alone."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.kernel.auth.principal import Principal
from services.kernel.errors import AppError
from services.rewards.goodwill import sql as terms
from services.rewards.goodwill.actions import give
from services.rewards.goodwill.domain import GivingLimit, Goodwill, Terms
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.sql import holdings_of
from services.rewards.verification.actions import verify
from tests.integration.rewards.world import World
from tests.support.chance import examples
from tests.unit.rewards.build import AMBASSADOR_RULE, ANNA, configured, joined, make_program, published

LIMIT, BUDGET = 100, 300
_stores = count(1)


@dataclass
class One:
    """A goodwill as the model has it."""

    by: str
    amount: int
    status: str
    left: int = 0


@dataclass
class Model:
    """Sums alone: what was given, by whom, and what is left."""

    ones: list[One] = field(default_factory=list)
    alone: dict[str, int] = field(default_factory=dict)
    granted: int = 0
    taken: int = 0

    @property
    def room(self) -> int:
        """What the budget has left."""
        return BUDGET - (self.granted - self.taken)

    def give(self, who: str, amount: int) -> str:
        if amount > self.room:
            return "budget_used_up"
        if self.alone.get(who, 0) + amount > LIMIT:
            self.ones.append(One(who, amount, "waiting"))
            return "waiting"
        self.alone[who] = self.alone.get(who, 0) + amount
        self.granted += amount
        self.ones.append(One(who, amount, "granted", amount))
        return "granted"

    def approve(self, who: str, one: One, *, unaided: bool) -> str:
        if one.status == "granted" and not unaided:
            return "granted"
        if one.status != "waiting":
            return "goodwill_state"
        if one.by == who:
            return "second_person_needed"
        if one.amount > self.room:
            return "budget_used_up"
        one.status, one.left = "granted", one.amount
        self.granted += one.amount
        return "granted"

    def refuse(self, one: One) -> str:
        if one.status == "granted":
            return "goodwill_state"
        one.status = "refused"
        return "refused"

    def take_back(self, one: One, amount: int | None) -> str:
        if one.status != "granted":
            return "goodwill_state"
        wanted = one.left if amount is None else amount
        if one.left == 0 or wanted > one.left:
            return "not_that_much_left"
        one.left -= wanted
        self.taken += wanted
        return "granted"


@dataclass
class History:
    """The service and the model, told the same."""

    world: World
    store: str
    model: Model = field(default_factory=Model)
    made: list[Goodwill] = field(default_factory=list)

    async def act(self, who: str, act: str, which: int, amount: int) -> None:
        actor = Principal("key", who)
        became, expected = "", ""
        try:
            async with self.world.db.transaction([self.store], actor=actor) as tx:
                if act == "give":
                    expected = self.model.give(who, amount)
                    wish = give.Wish(ambassador_id=ANNA, pay_as="cash", unit="EUR", amount_minor=amount, reason="x")
                    done = await give.give(tx, self.store, wish)
                    self.made.append(done)
                elif not self.made:
                    return
                else:
                    place = which % len(self.made)
                    one, goodwill = self.model.ones[place], self.made[place]
                    if act == "approve":
                        expected = self.model.approve(who, one, unaided=goodwill.unaided)
                        done = await give.approve(tx, self.store, goodwill.goodwill_id)
                    elif act == "refuse":
                        expected = self.model.refuse(one)
                        done = await give.refuse(tx, self.store, goodwill.goodwill_id, reason=None)
                    else:
                        taken = None if act == "take_all" else amount
                        expected = self.model.take_back(one, taken)
                        done = await give.take_back(
                            tx, self.store, goodwill.goodwill_id, amount_minor=taken, reason="x"
                        )
                became = done.status
        except AppError as error:
            became = error.code
        assert became == expected, (act, who, which, amount)


ACTS = st.tuples(
    st.sampled_from(("key_a", "key_b", "key_c")),
    st.sampled_from(("give", "give", "approve", "refuse", "take_back", "take_all")),
    st.integers(0, 20),
    st.integers(1, 120),
)


@settings(
    max_examples=examples(12),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=5, max_size=25))
async def test_whatever_people_do_the_books_say_what_a_handful_of_sums_says(world: World, acts: list[Any]) -> None:
    store = f"str_{next(_stores)}"
    program = make_program(AMBASSADOR_RULE, budget_minor=BUDGET)
    await world.take(configured(store=store), published(program, store=store), joined(ANNA, store_id=store))
    history = History(world, store)
    async with world.db.transaction([store]) as tx:
        await terms.keep_terms(tx, store, Terms(unit="EUR", limit=GivingLimit(LIMIT, "ever")))
    for act in acts:
        await history.act(*act)
    model = history.model
    async with world.db.transaction([store]) as tx:
        held = (await holdings_of(tx, store, owner=ANNA, side="ambassador")).get("EUR", Holding())
        assert held == Holding(model.granted, model.taken, 0, model.granted - model.taken, 0, 0)
        found = [await give.get(tx, store, one.goodwill_id) for one in history.made]
    assert [(one.status, one.left_minor) for one in found] == [(one.status, one.left) for one in model.ones]
    async with world.owner.transaction([store]) as tx:
        report = await verify(tx, store)
    assert report.whole, report.findings
