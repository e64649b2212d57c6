"""What tests of spending begin with: points that expire by the day, credit of a friend, and ways to spend them."""

from datetime import datetime, timedelta
from typing import Any

from services.kernel.jobs import Jobs
from services.rewards.lots.domain import Holder
from services.rewards.main import SERVICE
from services.rewards.spending import actions as spending
from services.rewards.spending.domain import Purpose, Spend
from tests.integration.rewards.money import release_all
from tests.integration.rewards.world import World
from tests.unit.rewards.build import ANNA, NOON, STORE, configured, joined, make_program, make_state, published

DAY = timedelta(days=1)
POINTS: dict[str, Any] = {
    "name": "points",
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "fixed", "amount_minor": 100},
    "pay_as": "points",
    "hold_days": 0,
    "expires_after_days": 30,
}
CREDIT = POINTS | {"name": "credit", "to": "friend", "pay_as": "store_credit", "expires_after_days": 60}
MINE = Holder(STORE, "ambassador", ANNA, "points", "points")


async def opened(world: World, *rules: dict[str, Any], store: str = STORE) -> None:
    program = make_program(*(rules or (POINTS,)))
    await world.take(configured(store=store), published(program, store=store), joined(ANNA, store_id=store))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))


async def bought(world: World, *orders: str, revision: int = 1, **changed: Any) -> None:
    """Orders that are settled, and what they bring is released."""
    await world.take(*(make_state(one, revision=revision, settled_at=NOON, **changed) for one in orders))
    await release_all(world)


async def time_passes(world: World, time: timedelta) -> None:
    await world.move_clock(seconds=int(time.total_seconds()))
    await run_jobs(world)


async def run_jobs(world: World) -> None:
    for job in ("spend-expiry", "lot-expiry"):
        while await Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(job):
            pass


def order(name: str) -> Purpose:
    return Purpose("order", name)


async def reserve(
    world: World, amount: int, name: str, *, holder: Holder = MINE, expires_at: datetime | None = None
) -> Spend:
    async with world.db.transaction([holder.store_id]) as tx:
        await tx.lock_stores([holder.store_id])
        return await spending.reserve(tx, holder, amount, purpose=order(name), expires_at=expires_at)


async def capture(world: World, name: str, amount: int | None = None, *, store: str = STORE) -> Spend:
    async with world.db.transaction([store]) as tx:
        await tx.lock_stores([store])
        return await spending.capture(tx, store, order(name), amount)


async def release(world: World, name: str, *, store: str = STORE) -> Spend:
    async with world.db.transaction([store]) as tx:
        await tx.lock_stores([store])
        return await spending.release(tx, store, order(name))


async def give_back(world: World, name: str, amount: int, step: str, *, store: str = STORE) -> Spend:
    async with world.db.transaction([store]) as tx:
        await tx.lock_stores([store])
        return await spending.give_back(tx, store, order(name), amount, step=step)


async def lots(world: World, store: str = STORE) -> list[tuple[int, ...]]:
    """Each lot, the oldest day first: granted, taken back, expired, reserved, used, left."""
    rows = await world.look(
        store,
        "select granted, clawed_back, expired, reserved, used, remaining from lots where store_id = :store"
        " order by day, rule desc, owner",
    )
    return [tuple(row) for row in rows]


async def debt(world: World, store: str = STORE) -> int:
    rows = await world.look(store, "select coalesce(sum(amount), 0)::bigint from lot_debts where store_id = :store")
    return int(next(iter(rows))[0])
