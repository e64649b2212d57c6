"""Random histories of earning, taking back and paying out, beside a model that knows nothing of ledgers: a handful of
sums. However things come, the books say what the model says, and an audit finds nothing.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, Literal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.kernel.errors import Conflict
from services.rewards.destinations.actions import set_destination
from services.rewards.grants.actions.release import release_due
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.sql import holdings_of
from services.rewards.payouts.actions import batch as batches
from services.rewards.payouts.actions import results
from services.rewards.payouts.actions.results import Outcome, Result
from services.rewards.payouts.sql import payouts as rows
from services.rewards.payouts.sql.ready import payable
from services.rewards.verification.actions import verify
from tests.integration.rewards.money import details
from tests.integration.rewards.world import World
from tests.support.chance import examples
from tests.unit.rewards.build import AMBASSADOR_RULE, ANNA, NOON, configured, make_program, make_state, published

Act = Literal["earn", "take", "prepare", "approve", "send", "cancel", "paid", "failed", "returned", "again"]
_stores = count(1)


@dataclass
class Model:
    """What one ambassador got and has, and how their newest payout stands."""

    orders: list[int] = field(default_factory=list)
    """What is left of each order's tenth, in tenths of what it was: 10 down to 0."""
    granted: int = 0
    taken: int = 0
    available: int = 0
    status: str = ""
    amount: int = 0
    in_payout: int = 0
    paid: int = 0

    @property
    def holding(self) -> Holding:
        return Holding(self.granted, self.taken, 0, self.available, self.in_payout, self.paid)

    def over(self, status: str) -> None:
        """The money of the payout is available again."""
        self.available += self.amount
        if self.status == "paid":
            self.paid -= self.amount
        else:
            self.in_payout -= self.amount
        self.status = status


@dataclass
class History:
    """The service and the model, told the same."""

    world: World
    store: str
    model: Model = field(default_factory=Model)
    batch: str = ""
    payout: str = ""
    last: tuple[Outcome, ...] = ()

    async def act(self, act: Act, number: int) -> None:
        await getattr(self, act)(number)
        async with self.world.db.transaction([self.store]) as tx:
            held = await holdings_of(tx, self.store, owner=ANNA, side="ambassador")
            cash = await payable(tx, self.store, ANNA, "EUR")
        assert held.get("EUR", Holding()) == self.model.holding, act
        assert cash == self.model.available, act

    def state(self, order: int, left: int) -> Any:
        refunded = 100_00 * (10 - left) // 10
        figures = {"subtotal_minor": 100_00, "total_minor": 100_00, "refunded_minor": refunded}
        revision = 11 - left
        return make_state(
            f"o{order}", store_id=self.store, revision=revision, settled_at=NOON, ambassador_id=ANNA, **figures
        )

    async def earn(self, _: int) -> None:
        self.model.orders.append(10)
        await self.world.take(self.state(len(self.model.orders), 10))
        async with self.world.db.transaction([self.store]) as tx:
            await release_due(tx, [self.store])
        self.model.granted += 1000
        self.model.available += 1000

    async def take(self, number: int) -> None:
        if not self.model.orders:
            return
        place = number % len(self.model.orders)
        left = self.model.orders[place] - min(self.model.orders[place], 1 + number % 4)
        lost = (self.model.orders[place] - left) * 100
        if not lost:
            return
        self.model.orders[place] = left
        await self.world.take(self.state(place + 1, left))
        self.model.taken += lost
        self.model.available -= lost

    async def prepare(self, _: int) -> None:
        model = self.model
        able = model.available > 0 and model.status not in ("draft", "approved", "submitted")
        try:
            async with self.world.db.transaction([self.store]) as tx:
                batch = await batches.prepare(tx, self.store, currency="EUR", provider="manual")
                (payout,) = await rows.of_batch(tx, self.store, batch.batch_id)
        except Conflict:
            assert not able
            return
        assert able
        self.batch, self.payout, self.last = batch.batch_id, payout.payout_id, ()
        model.status, model.amount = "draft", model.available
        model.in_payout += model.amount
        model.available = 0

    async def approve(self, _: int) -> None:
        if await self._step(batches.approve) and self.model.status == "draft":
            self.model.status = "approved"

    async def send(self, _: int) -> None:
        if await self._step(batches.send) and self.model.status == "approved":
            if self.model.available < 0:
                self.model.over("cancelled")
            else:
                self.model.status = "submitted"

    async def cancel(self, _: int) -> None:
        if await self._step(batches.cancel) and self.model.status in ("draft", "approved"):
            self.model.over("cancelled")

    async def _step(self, step: Any) -> bool:
        if not self.batch:
            return False
        try:
            async with self.world.db.transaction([self.store]) as tx:
                await step(tx, self.store, self.batch)
        except Conflict:
            return False
        return True

    async def paid(self, _: int) -> None:
        if await self._settle("paid") and self.model.status == "submitted":
            self.model.status = "paid"
            self.model.in_payout -= self.model.amount
            self.model.paid += self.model.amount

    async def failed(self, _: int) -> None:
        if await self._settle("failed") and self.model.status in ("submitted", "paid"):
            self.model.over("failed" if self.model.status == "submitted" else "returned")

    async def returned(self, _: int) -> None:
        if await self._settle("returned") and self.model.status in ("submitted", "paid"):
            self.model.over("returned")

    async def again(self, _: int) -> None:
        """What was told last is told once more."""
        if self.last:
            await self._settle(self.last[0])

    async def _settle(self, outcome: Outcome) -> bool:
        if not self.payout or self.model.status == "cancelled":
            return False
        try:
            async with self.world.db.transaction([self.store]) as tx:
                await results.settle(tx, self.store, [Result(payout_id=self.payout, outcome=outcome)])
        except Conflict:
            return False
        self.last = (outcome,)
        return True


SINGLE: tuple[Act, ...] = (
    "earn",
    "take",
    "prepare",
    "approve",
    "send",
    "cancel",
    "paid",
    "failed",
    "returned",
    "again",
)
RUNS: tuple[tuple[Act, ...], ...] = (
    *((act,) for act in SINGLE),
    ("earn", "prepare", "approve", "send", "paid"),
    ("earn", "prepare", "approve", "take", "send"),
    ("earn", "prepare", "approve", "take", "earn", "send"),
    ("earn", "prepare", "take", "take", "cancel"),
    ("send", "paid", "take", "prepare", "returned"),
)
"""Acts by themselves, and in the orders in which something rare comes about."""
ACTS = st.lists(st.tuples(st.sampled_from(RUNS), st.integers(0, 100)), min_size=4, max_size=12)


@settings(
    max_examples=examples(40),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller one takes minutes to find
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(runs=ACTS)
async def test_the_books_say_what_a_handful_of_sums_say(world: World, runs: list[tuple[tuple[Act, ...], int]]) -> None:
    store = f"str_{next(_stores)}"
    if store == "str_1" or (await world.now()) < NOON + timedelta(days=20):
        ahead = NOON + timedelta(days=30) - await world.now()
        await world.move_clock(seconds=int(ahead.total_seconds()))
    await world.take(configured(store=store), published(make_program(AMBASSADOR_RULE), store=store))
    history = History(world, store)
    async with world.db.transaction([store]) as tx:
        await set_destination(tx, world.ctx.require_sealing(), store, ANNA, details())
        await tx.execute("update destinations set usable_at = :now", now=tx.now)
    for run, number in runs:
        for act in run:
            await history.act(act, number)
    async with world.owner.transaction([store]) as tx:
        report = await verify(tx, store)
    assert report.whole, report.findings
