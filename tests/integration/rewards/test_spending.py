"""Spending points over PostgreSQL: of which lot, what returns to it, what is taken back meanwhile, what it costs."""

import pytest

from services.kernel.errors import Conflict, Invalid
from services.rewards.ledger.domain import Holding
from services.rewards.spending.domain import NotEnough
from tests.integration.rewards.money import audit, holding
from tests.integration.rewards.spent import (
    DAY,
    bought,
    capture,
    debt,
    give_back,
    lots,
    opened,
    release,
    reserve,
    run_jobs,
    time_passes,
)
from tests.integration.rewards.world import World
from tests.support.explained import Explained
from tests.unit.rewards.build import ANNA, STORE


async def two_lots(world: World) -> None:
    """100 points of one day, 100 of the next."""
    await opened(world)
    await bought(world, "1")
    await time_passes(world, DAY)
    await bought(world, "2")


async def test_what_expires_first_is_spent_first_and_what_is_returned_lies_where_it_lay(world: World) -> None:
    await two_lots(world)
    spend = await reserve(world, 130, "a")
    assert await lots(world) == [(100, 0, 0, 100, 0, 0), (100, 0, 0, 30, 0, 70)]
    assert await reserve(world, 130, "a") == spend  # a repeat

    done = await capture(world, "a", 110)  # the rest is let go
    assert (done.status, done.captured, await capture(world, "a", 110)) == ("captured", 110, done)
    assert await lots(world) == [(100, 0, 0, 0, 100, 0), (100, 0, 0, 0, 10, 90)]

    back = await give_back(world, "a", 30, "r1")  # first to what expires last
    assert (back.given_back, await give_back(world, "a", 30, "r1")) == (30, back)
    assert await lots(world) == [(100, 0, 0, 0, 80, 20), (100, 0, 0, 0, 0, 100)]

    await reserve(world, 120, "b")
    assert (await release(world, "b")).status == (await release(world, "b")).status == "released"
    assert await lots(world) == [(100, 0, 0, 0, 80, 20), (100, 0, 0, 0, 0, 100)]
    assert await holding(world, ANNA, "points") == Holding(granted=200, available=120, used=80)
    assert (await audit(world)).findings == []


async def test_what_cannot_be_is_refused_and_moves_nothing(world: World) -> None:
    await two_lots(world)
    with pytest.raises(NotEnough) as caught:
        await reserve(world, 201, "a")
    assert caught.value.spendable == 200
    await reserve(world, 150, "a")
    for refused in (reserve(world, 149, "a"), give_back(world, "a", 1, "r1")):
        with pytest.raises(Conflict):
            await refused
    for wrong in (capture(world, "a", 151), reserve(world, 0, "b")):
        with pytest.raises(Invalid):
            await wrong
    await capture(world, "a", 100)
    for refused in (capture(world, "a", 150), release(world, "a")):
        with pytest.raises(Conflict):
            await refused
    with pytest.raises(Invalid):
        await give_back(world, "a", 101, "r1")
    assert await lots(world) == [(100, 0, 0, 0, 100, 0), (100, 0, 0, 0, 0, 100)]
    assert (await audit(world)).findings == []


async def test_what_is_reserved_does_not_expire_and_expires_at_once_when_it_is_let_go_too_late(world: World) -> None:
    await two_lots(world)
    await reserve(world, 60, "a")
    await reserve(world, 40, "b")
    await time_passes(world, 40 * DAY)
    assert await lots(world) == [(100, 0, 0, 100, 0, 0), (100, 0, 100, 0, 0, 0)]
    await capture(world, "b")
    await release(world, "a")
    with pytest.raises(NotEnough):  # its time is over, also before the job has come to it
        await reserve(world, 1, "c")
    await run_jobs(world)
    assert (await lots(world))[0] == (100, 0, 60, 0, 40, 0)
    await give_back(world, "b", 40, "r1")
    await run_jobs(world)
    assert await holding(world, ANNA, "points") == Holding(granted=200, expired=200)
    assert (await audit(world)).findings == []


async def test_taking_back_leaves_what_is_reserved_and_used_and_the_debt_is_paid_by_what_comes(world: World) -> None:
    await opened(world)
    await bought(world, "1")
    await reserve(world, 50, "a")
    await reserve(world, 30, "b")
    await capture(world, "b")
    await bought(world, "1", revision=2, cancelled=True)
    assert (await lots(world), await debt(world)) == ([(100, 20, 0, 50, 30, 0)], 80)
    assert await holding(world, ANNA, "points") == Holding(100, 100, available=-80, reserved=50, used=30)

    await time_passes(world, DAY)
    await bought(world, "2")
    assert (await lots(world))[1] == (20, 0, 0, 0, 0, 20)
    await release(world, "a")
    assert (await lots(world), await debt(world)) == ([(100, 20, 0, 0, 30, 50), (20, 0, 0, 0, 0, 20)], 0)

    # A debt leaves so much less to spend, whichever lot it is of.
    await reserve(world, 50, "c")
    await capture(world, "c")
    await bought(world, "2", revision=2, cancelled=True)
    assert await debt(world) == 80
    with pytest.raises(NotEnough):
        await reserve(world, 1, "d")
    assert (await audit(world)).findings == []


@pytest.mark.parametrize("used", [False, True])
async def test_what_returns_after_its_reward_was_taken_back_pays_the_debt_and_expires_no_more(
    world: World, *, used: bool
) -> None:
    """Reserved or used until its lot's time is over, taken back meanwhile: the holder pays once."""
    await two_lots(world)
    await reserve(world, 130, "a")
    if used:
        await capture(world, "a")
    await time_passes(world, 40 * DAY)
    await bought(world, "1", revision=2, cancelled=True)
    assert await debt(world) == 100
    await (give_back(world, "a", 130, "r1") if used else release(world, "a"))
    assert (await lots(world), await debt(world)) == ([(100, 100, 0, 0, 0, 0), (100, 0, 70, 0, 0, 30)], 0)
    await run_jobs(world)
    assert await holding(world, ANNA, "points") == Holding(granted=200, clawed_back=100, expired=100)
    assert (await audit(world)).findings == []


async def test_a_debt_of_one_lot_is_paid_by_what_returns_to_another_bit_by_bit(world: World) -> None:
    await two_lots(world)
    await reserve(world, 100, "a")
    await capture(world, "a")
    await reserve(world, 60, "b")
    await capture(world, "b", 50)  # 10 return
    await reserve(world, 50, "c", expires_at=await world.now() + DAY)
    await bought(world, "1", revision=2, cancelled=True)
    await give_back(world, "b", 20, "r1")
    assert (await lots(world), await debt(world)) == ([(100, 0, 0, 0, 100, 0), (100, 20, 0, 50, 30, 0)], 80)
    await time_passes(world, 2 * DAY)
    assert (await lots(world), await debt(world)) == ([(100, 0, 0, 0, 100, 0), (100, 70, 0, 0, 30, 0)], 30)
    await give_back(world, "b", 30, "r2")  # what paid a debt is not given back again
    await give_back(world, "a", 100, "r1")
    assert (await lots(world), await debt(world)) == ([(100, 0, 0, 0, 0, 100), (100, 100, 0, 0, 0, 0)], 0)
    assert (await audit(world)).findings == []


async def test_a_million_points_over_ten_thousand_lots_are_spent_in_one_statement(world: World) -> None:
    """Each with what it reads, as the services' role; what was spent before costs nothing any more."""
    await opened(world)
    await bought(world, "1")
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(
            "insert into lots (store_id, lot_id, owner, side, unit, pay_as, program_id, rule, day, expires_days,"
            " expires_at, granted, clawed_back, expired, remaining)"
            " select store_id, 'lot_' || n, owner, side, unit, pay_as, program_id, rule, day + n, expires_days,"
            " expires_at + n * interval '1 day', 100, 0, 0, 100 from lots, generate_series(1, 10000) n"
        )
        await tx.execute("analyze lots")
    watched = Explained()
    with watched.watching():
        await reserve(world, 1_000_000, "a")
    taking = [one for one in watched.readings if "insert into lot_entries" in one.sql]
    assert {one.role for one in taking} == {"kith_app"}
    assert max(one.rows for one in taking) <= 3 * 10_001, "\n".join(map(str, taking))
    assert [one[3:] for one in (await lots(world))[:-1]] == [(100, 0, 0)] * 10_000
    assert (await capture(world, "a")).used == 1_000_000
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute("analyze lots")
    again = Explained()
    with again.watching():
        await reserve(world, 100, "b")
    found = [one for one in again.readings if one.rows >= 50]
    assert not found, "\n".join(map(str, found))
    await capture(world, "b", 60)
    await give_back(world, "b", 10, "r1")
    assert (await lots(world))[-1][3:] == (0, 50, 50)


async def test_the_check_of_the_books_sees_a_spend_or_its_lots_that_were_changed(world: World) -> None:
    await two_lots(world)
    await reserve(world, 130, "a")
    await capture(world, "a", 110)
    changes = {
        "update spends set given_back = 5": "spend",
        "update lots set reserved = reserved + 1, remaining = remaining - 1 where remaining > 0": "lot",
        "delete from spend_steps where step = 'release'": "spend",
    }
    for change, kind in changes.items():
        async with world.owner.transaction([STORE]) as tx:
            await tx.execute(change)
        assert kind in {one.kind for one in (await audit(world)).findings}, change
