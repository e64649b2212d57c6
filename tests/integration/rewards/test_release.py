"""Holds that end."""

import asyncio
from datetime import timedelta

import pytest

from contracts.events.rewards import RewardReleased
from services.kernel.due import schedule
from services.rewards.verification.actions import verify
from tests.integration.rewards.world import World
from tests.unit.rewards.build import (
    AMBASSADOR_RULE,
    FRIEND_RULE,
    NOON,
    STORE,
    configured,
    make_program,
    make_state,
    published,
)

FORTNIGHT = timedelta(days=14)
LONGER = {**AMBASSADOR_RULE, "hold_days": 30}


@pytest.fixture
async def shop(world: World) -> World:
    """A store whose friends wait 14 days and whose ambassadors wait 30; its clock stands at the day of the orders."""
    await world.take(configured(), published(make_program(FRIEND_RULE, LONGER)))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    return world


async def states(world: World) -> dict[tuple[str, str], str]:
    return {(r.source_id, r.rule): r.status for r in await world.rewards(STORE)}


async def test_only_settled_orders_are_released_and_each_rule_by_its_own_hold(shop: World) -> None:
    await shop.take(make_state("settled"), make_state("open"))
    await shop.take(make_state("settled", revision=2, settled_at=NOON + timedelta(minutes=10)))
    assert await shop.release() == 0
    await shop.move_clock(seconds=int(FORTNIGHT.total_seconds()) - 60)
    await shop.release()
    assert set((await states(shop)).values()) == {"pending"}
    await shop.move_clock(seconds=120)
    await shop.release()
    assert {key for key, status in (await states(shop)).items() if status == "available"} == {("settled", "friend")}
    await shop.move_clock(seconds=int(timedelta(days=16).total_seconds()))
    await shop.release()
    available = {key for key, status in (await states(shop)).items() if status == "available"}
    assert available == {("settled", "friend"), ("settled", "ambassador")}
    released = [event for event in await shop.reported(STORE) if isinstance(event, RewardReleased)]
    assert [(event.rule, event.status) for event in released] == [("friend", "available"), ("ambassador", "available")]


async def test_an_order_that_settles_late_is_released_when_it_settles(shop: World) -> None:
    await shop.take(make_state("1"))
    await shop.move_clock(seconds=int(timedelta(days=60).total_seconds()))
    await shop.take(make_state("1", revision=2, settled_at=NOON + timedelta(days=59)))
    await shop.release()
    assert set((await states(shop)).values()) == {"available"}


async def test_a_refund_after_the_release_is_taken_from_what_is_available(shop: World) -> None:
    settled = {"settled_at": NOON + timedelta(minutes=10)}
    await shop.take(make_state("1", revision=2, **settled))
    await shop.move_clock(seconds=int(timedelta(days=31).total_seconds()))
    await shop.release()
    await shop.take(make_state("1", revision=3, refunded_minor=2545, **settled))
    rows = await shop.look(STORE, "select owner, pending, available, granted, clawed_back from balances order by owner")
    assert [tuple(row) for row in rows] == [("amb_anna", 0, 230, 460, 230), ("friend-1", 0, 500, 1000, 500)]
    assert set((await states(shop)).values()) == {"available"}
    await shop.take(make_state("1", revision=4, cancelled=True, **settled))
    assert set((await states(shop)).values()) == {"reversed"}
    async with shop.owner.transaction([STORE]) as tx:
        assert (await verify(tx, STORE)).whole


async def test_what_fell_to_zero_is_not_released(shop: World) -> None:
    await shop.take(make_state("1", revision=2, settled_at=NOON + timedelta(minutes=10)))
    await shop.take(make_state("1", revision=3, settled_at=NOON + timedelta(minutes=10), refunded_minor=5090))
    await shop.move_clock(seconds=int(timedelta(days=60).total_seconds()))
    await shop.release()
    assert set((await states(shop)).values()) == {"reversed"}


async def test_a_second_run_and_parallel_runs_release_nothing_twice(shop: World) -> None:
    await shop.take(*(make_state(str(n), revision=2, settled_at=NOON) for n in range(30)))
    await shop.move_clock(seconds=int(timedelta(days=31).total_seconds()))
    await asyncio.gather(*(shop.release() for _ in range(4)))
    await shop.release()
    assert set((await states(shop)).values()) == {"available"}
    assert len([e for e in await shop.reported(STORE) if isinstance(e, RewardReleased)]) == 60
    async with shop.owner.transaction([STORE]) as tx:
        assert (await verify(tx, STORE)).whole


async def test_the_job_and_a_consumer_of_the_same_store_do_not_lock_each_other_out(shop: World) -> None:
    await shop.take(make_state("1", revision=2, settled_at=NOON))
    await shop.move_clock(seconds=int(timedelta(days=31).total_seconds()))
    async with shop.db.transaction([STORE]) as tx:
        await tx.lock_stores([STORE])
        job = asyncio.create_task(shop.release())
        waiting = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        async with asyncio.timeout(60):
            while not await shop.look(STORE, waiting + " having count(*) > 0"):
                await asyncio.sleep(0.01)
        # Timers are moved last, with the store locked: a job that took its timer first would wait for us, we for it.
        await schedule(tx, "release", {STORE: NOON})
    await job
    assert set((await states(shop)).values()) == {"available"}
