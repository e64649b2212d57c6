"""Random histories of earning, spending, expiring and taking back, beside a model that keeps every point by itself."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.kernel.errors import AppError
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.sql import holdings_of
from services.rewards.lots.domain import Holder
from services.rewards.verification.actions import verify
from tests.integration.rewards import spent
from tests.integration.rewards.world import World
from tests.support.chance import examples
from tests.unit.rewards.build import ANNA, NOON

KEPT = 30
"""Days after the first for which points can be used."""
EACH = 4
"""Points of an order."""
FIXED = spent.POINTS | {"give": {"kind": "fixed", "amount_minor": EACH}, "expires_after_days": KEPT}
IDLE = FIXED | {"expires_after_days": None, "expiry": {"kind": "idle", "days": KEPT}}
_stores = count(1)


@dataclass(eq=False)
class Life:
    """How long points can be used: so many days after a day. Of an idle holder it is the day of their last activity,
    and one life of many points.
    """

    since: int


@dataclass(eq=False)
class Point:
    """One point: of which day, how long it can be used, and what became of it."""

    day: int
    life: Life
    state: str = "active"


@dataclass
class Model:
    """Every point by itself, moved one at a time."""

    idle: bool
    today: int = 0
    running: Life | None = None
    points: list[Point] = field(default_factory=list)
    came: int = 0
    taken: int = 0
    debt: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    """Day of each order that stands."""
    spends: dict[str, tuple[str, list[Point]]] = field(default_factory=dict)
    """How each stands, with its points in the order in which they were taken."""
    back: dict[str, int] = field(default_factory=dict)
    """How many of a spend's points were given back, the last of them first."""

    def earn(self, name: str) -> None:
        self.orders[name] = self.today
        self.came += EACH
        life = self._life()
        for _ in range(EACH):
            if self.debt:
                self.debt -= 1
            else:
                self.points.append(Point(self.today, life))

    def _life(self) -> Life:
        if not self.idle:
            return Life(self.today)
        if self.running is None or self._over(self.running):
            self.running = Life(self.today)
        self.running.since = self.today
        return self.running

    def _over(self, life: Life) -> bool:
        return life.since + KEPT < self.today

    def cancel(self, name: str) -> None:
        day = self.orders.pop(name)
        self.taken += EACH
        for _ in range(EACH):
            own = [one for one in self.points if one.day == day]
            undone = next((one for one in own if one.state == "expired"), None)
            left = next((one for one in (*own, *self._usable()) if one.state == "active"), None)
            if (found := undone or left) is not None:
                found.state = "taken"
            else:
                self.debt += 1

    def _usable(self) -> list[Point]:
        """What can be used, that which expires first before all else."""
        active = (one for one in self.points if one.state == "active")
        return sorted(active, key=lambda one: (one.life.since, one.day))

    def reserve(self, name: str, amount: int) -> str:
        free = self._usable()
        if len(free) - self.debt < amount:
            return "not_enough"
        if self.running is not None and not self._over(self.running):
            self.running.since = self.today
        self.spends[name] = ("reserved", self._move(free[:amount], "reserved"))
        return "reserved"

    def capture(self, name: str, amount: int) -> str:
        status, points = self.spends[name]
        if status == "released" or (status == "captured" and amount != len(points)):
            return "released" if status == "released" else "already_captured"
        if status == "reserved":
            if amount > len(points):
                return "invalid"
            self._return(points[amount:])
            self.spends[name] = ("captured", self._move(points[:amount], "used"))
        return "captured"

    def release(self, name: str) -> str:
        status, points = self.spends[name]
        if status == "captured":
            return "already_captured"
        if status == "reserved":
            self._return(points)
            self.spends[name] = ("released", points)
        return "released"

    def give_back(self, name: str, amount: int) -> str:
        status, points = self.spends[name]
        if status != "captured":
            return "not_captured"
        used = len(points) - self.back.get(name, 0)
        if amount > used:
            return "invalid"
        self._return(points[used - amount : used])
        self.back[name] = len(points) - used + amount
        return "captured"

    def _return(self, points: list[Point]) -> None:
        """Points that come back pay the debt first, those that expire first before all else."""
        paid = min(self.debt, len(points))
        self.debt -= paid
        self._move(points[:paid], "taken")
        self._move(points[paid:], "active")

    def expire(self) -> None:
        self._move([one for one in self.points if one.state == "active" and self._over(one.life)], "expired")

    def holding(self) -> Holding:
        states = [one.state for one in self.points]
        active, expired, reserved, used = (states.count(one) for one in ("active", "expired", "reserved", "used"))
        return Holding(self.came, self.taken, 0, active - self.debt, 0, 0, expired, reserved, used)

    @staticmethod
    def _move(points: list[Point], state: str) -> list[Point]:
        for one in points:
            one.state = state
        return points


@dataclass
class History:
    """The service and the model, led the same way."""

    world: World
    store: str
    model: Model
    made: list[str] = field(default_factory=list)
    steps: Any = field(default_factory=count)

    async def act(self, act: str, which: int, amount: int) -> None:
        world, model, store = self.world, self.model, self.store
        if act == "earn":
            name = f"o{next(self.steps)}"
            model.earn(name)
            await spent.bought(world, name, store_id=store)
        elif act == "cancel":
            if model.orders:
                name = sorted(model.orders)[which % len(model.orders)]
                model.cancel(name)
                await spent.bought(world, name, revision=2, cancelled=True, store_id=store)
        elif act == "wait":
            model.today += amount
            await world.move_clock(seconds=amount * 86_400)
        elif act == "reserve":
            name = f"s{next(self.steps)}"
            expected = model.reserve(name, amount)
            if expected == "reserved":
                self.made.append(name)
            holder = Holder(store, "ambassador", ANNA, "points", "points")
            await self._same(expected, spent.reserve(world, amount, name, holder=holder))
        elif self.made:
            await self._end(act, self.made[which % len(self.made)], amount)
        await spent.run_jobs(world)
        model.expire()

    async def _end(self, act: str, name: str, amount: int) -> None:
        if act == "capture":
            await self._same(
                self.model.capture(name, amount), spent.capture(self.world, name, amount, store=self.store)
            )
        elif act == "release":
            await self._same(self.model.release(name), spent.release(self.world, name, store=self.store))
        else:
            step = f"r{next(self.steps)}"
            expected = self.model.give_back(name, amount)
            await self._same(expected, spent.give_back(self.world, name, amount, step, store=self.store))

    async def _same(self, expected: str, doing: Any) -> None:
        try:
            became = (await doing).status
        except AppError as error:
            became = error.code
        assert became == expected

    async def check(self) -> None:
        async with self.world.db.transaction([self.store]) as tx:
            held = (await holdings_of(tx, self.store, owner=ANNA, side="ambassador")).get("points", Holding())
        assert held == self.model.holding()
        assert not self.model.debt or not self.model._usable(), "nobody owes what they could use"
        left: dict[int, int] = {}
        for one in self.model.points:
            left[one.day] = left.get(one.day, 0) + (one.state == "active")
        rows = await self.world.look(
            self.store, "select day, remaining from lots where store_id = :store and granted > 0 order by day"
        )
        assert [((row.day - NOON.date()).days, row.remaining) for row in rows] == sorted(left.items())


ACTS = st.tuples(
    st.sampled_from(("earn", "earn", "cancel", "wait", "reserve", "reserve", "capture", "release", "give_back")),
    st.integers(0, 20),
    st.integers(1, 12),
)


@settings(
    max_examples=examples(10),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(idle=st.booleans(), acts=st.lists(ACTS, min_size=10, max_size=30))
async def test_each_point_is_where_a_model_of_single_points_has_it(world: World, idle: bool, acts: list[Any]) -> None:
    store = f"str_{next(_stores)}"
    await spent.opened(world, IDLE if idle else FIXED, store=store)
    history = History(world, store, Model(idle))
    for act in acts:
        await history.act(*act)
    await history.check()
    async with world.owner.transaction([store]) as tx:
        report = await verify(tx, store)
    assert report.whole, report.findings
