"""Orders whose program or store has not been heard of: kept, packed, and decided some at a time once it has."""

from datetime import timedelta

from alembic import command
from sqlalchemy import Connection

from services.kernel import migrate as migrations
from services.kernel.jobs import Jobs
from services.rewards.grants.actions.regrant import WAITING_JOB
from services.rewards.grants.actions.waiting import AT_ONCE
from services.rewards.grants.sql.packed import unpack
from services.rewards.main import SERVICE
from tests.integration.rewards.money import audit
from tests.integration.rewards.test_cashback import EURO, since, worth
from tests.integration.rewards.world import World
from tests.unit.rewards.build import NOON, STORE, configured, make_program, make_state, published
from tests.unit.rewards.test_cashback import bought, giving


async def go_on(world: World) -> int:
    """Runs the job of those who still wait; returns how often a store was due."""
    return await Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(WAITING_JOB)


async def rewarded(world: World) -> set[str]:
    return {reward.source_id for reward in await world.rewards(STORE)}


async def test_many_that_waited_are_decided_some_at_a_time_also_those_that_were_kept_plain(world: World) -> None:
    orders = [f"{n:03}" for n in range(AT_ONCE + 5)]
    await world.take(configured(), *(make_state(name) for name in orders))

    def back(connection: Connection) -> None:
        command.downgrade(migrations._config(SERVICE, connection), "0007")

    await migrations._run(SERVICE, world.owner.url, back)
    assert all(data[0] == "{" for (data,) in await world.look(STORE, "select data from conversions"))
    await migrations.migrate(SERVICE, world.owner.url)
    await world.take(published(make_program()))
    assert await rewarded(world) == set(orders[:AT_ONCE])
    assert await go_on(world) == 1
    assert await rewarded(world) == set(orders)
    assert not list(await world.look(STORE, "select order_id from conversions where waiting"))


async def test_orders_of_a_version_that_has_not_come_are_left_waiting(world: World) -> None:
    orders = [f"{n:03}" for n in range(AT_ONCE)]
    await world.take(configured(), *(make_state(name, program_version=2) for name in orders))
    await world.take(published(make_program()))
    assert await go_on(world) == 0
    await world.take(published(make_program(), version=2))
    assert await rewarded(world) == set(orders)


async def test_a_state_takes_less_than_a_third_of_its_text(world: World) -> None:
    await world.take(configured(), published(make_program()), make_state("1"))
    ((kept, data),) = await world.look(STORE, "select body, data from conversions")
    assert data is None
    assert len(kept) * 3 < len(unpack(bytes(kept)))


async def test_orders_that_nobody_referred_count_once_more_when_a_version_comes_that_they_lacked(world: World) -> None:
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()) + 60)
    await world.take(configured(), bought("1", 15_000), bought("2", 5_000, placed_at=NOON - timedelta(days=60)))
    assert await go_on(world) == 0
    await world.take(since(giving(EURO), 50))
    assert await go_on(world) == 1
    assert await worth(world) == {"1/free/5000/1-3": 300}
    await world.take(since(make_program(), 40, version=2))  # without cashback: order 1 was placed under this one
    assert await go_on(world) == 1
    assert await worth(world) == {}
    assert (await audit(world)).whole
    # What comes as it should, and what comes again, has nothing to look for.
    await world.take(since(giving(EURO), 50), since(giving(EURO), 12, version=3))
    assert await go_on(world) == 0
    assert not list(await world.look(STORE, "select order_id from conversions where waiting"))
