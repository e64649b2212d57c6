"""Points that expire when their holder was idle, who is told that some expire, and what makes up for a debt."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.events.balances import BalanceExpiring
from services.rewards.ledger.domain import Holding
from tests.integration.rewards.money import audit, holding
from tests.integration.rewards.spent import (
    CREDIT,
    DAY,
    POINTS,
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
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import World
from tests.unit.rewards.build import ANNA, NOON, STORE, configured, joined, make_program, published

IDLE: dict[str, Any] = POINTS | {"name": "idle", "expires_after_days": None, "expiry": {"kind": "idle", "days": 30}}


async def told(world: World) -> list[tuple[str, str, list[tuple[int, bool]]]]:
    """Of what holders were told: who, the last day, and how much, whether by idleness."""
    found = [one for one in await world.emitted(STORE) if isinstance(one, BalanceExpiring)]
    return [
        (one.beneficiary.id, one.last_day.isoformat(), [(a.points or a.amount_minor or 0, a.idle) for a in one.amounts])
        for one in found
    ]


def day(number: int) -> str:
    """So many days after the first."""
    return (NOON.date() + timedelta(days=number)).isoformat()


async def test_what_comes_in_or_is_spent_keeps_all_of_an_idle_holders_points(world: World) -> None:
    """One row moves, whatever number of lots follows it; a purchase that came to nothing counts as well."""
    await opened(world, IDLE)
    await bought(world, "1")
    await time_passes(world, 20 * DAY)
    await bought(world, "2")
    await time_passes(world, 20 * DAY)
    assert await lots(world) == [(100, 0, 0, 0, 0, 100)] * 2
    await reserve(world, 150, "cart")
    await release(world, "cart")
    (clock,) = await world.look(STORE, "select expires_at, ended from lot_clocks where store_id = :store")
    assert (clock.expires_at.date(), clock.ended) == (date.fromisoformat(day(71)), False)
    await time_passes(world, 30 * DAY)
    assert await holding(world, ANNA, "points") == Holding(granted=200, available=200)
    await time_passes(world, DAY)
    assert await holding(world, ANNA, "points") == Holding(granted=200, expired=200)

    # What comes later begins anew, and what had expired stays so.
    await bought(world, "3")
    await time_passes(world, 30 * DAY)
    assert await lots(world) == [(100, 0, 100, 0, 0, 0)] * 2 + [(100, 0, 0, 0, 0, 100)]
    clocks = await world.look(STORE, "select ended from lot_clocks where store_id = :store order by expires_at")
    assert [one.ended for one in clocks] == [True, False]
    assert (await audit(world)).findings == []


async def test_a_spend_takes_what_expires_first_of_both_kinds_together(world: World) -> None:
    await opened(world, IDLE, POINTS | {"expires_after_days": 40})
    await bought(world, "1")
    await reserve(world, 150, "o")
    assert sorted(await lots(world)) == [(100, 0, 0, 50, 0, 50), (100, 0, 0, 100, 0, 0)]
    by_rule = await world.look(STORE, "select rule, reserved from lots where store_id = :store order by rule")
    assert [tuple(one) for one in by_rule] == [("idle", 100), ("points", 50)]
    await release(world, "o")
    await time_passes(world, 11 * DAY)
    await reserve(world, 150, "p")  # by now those of idle holders can be used longer
    by_rule = await world.look(STORE, "select rule, reserved from lots where store_id = :store order by rule")
    assert [tuple(one) for one in by_rule] == [("idle", 50), ("points", 100)]


async def test_what_returns_to_a_holder_who_was_idle_since_expires_at_once_and_is_taken_back_from_there(
    world: World,
) -> None:
    await opened(world, IDLE)
    await bought(world, "1")
    await reserve(world, 60, "o")
    await capture(world, "o")
    await time_passes(world, 40 * DAY)
    assert await lots(world) == [(100, 0, 40, 0, 60, 0)]
    await give_back(world, "o", 60, "r")
    await run_jobs(world)
    assert await lots(world) == [(100, 0, 100, 0, 0, 0)]
    await bought(world, "1", revision=2, cancelled=True)
    assert await lots(world) == [(100, 100, 0, 0, 0, 0)]
    await bought(world, "1", revision=3)
    await run_jobs(world)
    assert await lots(world) == [(200, 100, 100, 0, 0, 0)]
    assert await debt(world) == 0 and (await audit(world)).findings == []


async def test_what_expires_on_one_day_is_told_once_with_all_of_it(world: World) -> None:
    """Two rules, two units, one day: one event, as many days ahead as the first of them says."""
    noticed = {"expiry_notice_days": 7}
    await opened(
        world,
        POINTS | noticed,
        POINTS | {"name": "more"},
        CREDIT | {"to": "ambassador", "expires_after_days": 30} | noticed,
    )
    await bought(world, "1", "2")
    await time_passes(world, DAY)
    await bought(world, "3")
    await time_passes(world, 22 * DAY + timedelta(hours=10))
    assert await told(world) == []
    await time_passes(world, timedelta(hours=3))  # the seventh day before the first of them expires has begun
    assert await told(world) == [(ANNA, day(30), [(200, False), (400, False)])]
    await time_passes(world, timedelta(hours=3))
    assert len(await told(world)) == 1
    await time_passes(world, DAY)
    assert (await told(world))[1:] == [(ANNA, day(31), [(100, False), (200, False)])]
    assert (await audit(world)).findings == []


async def test_who_spent_it_meanwhile_is_told_of_nothing_and_who_is_idle_again_is_told_again(world: World) -> None:
    await opened(world, IDLE | {"expiry_notice_days": 3}, POINTS | {"to": "friend", "expiry_notice_days": 3})
    await bought(world, "1", friend_id="mia")
    await time_passes(world, 28 * DAY)
    assert await told(world) == [(ANNA, day(30), [(100, True)]), ("mia", day(30), [(100, False)])]
    await reserve(world, 40, "o")
    await time_passes(world, 28 * DAY)
    assert (await told(world))[2:] == [(ANNA, day(58), [(60, True)])]
    await reserve(world, 60, "p")
    await time_passes(world, 40 * DAY)
    assert len(await told(world)) == 3


@pytest.mark.parametrize(("zone", "hours", "last"), [("Pacific/Auckland", 23, 31), ("America/Los_Angeles", 20, 30)])
async def test_the_day_is_that_of_the_store(world: World, zone: str, hours: int, last: int) -> None:
    """It begins at noon in UTC: in Auckland the next day is an hour old, in Los Angeles it is four in the morning."""
    await world.take(configured(timezone=zone), published(make_program(IDLE | {"expiry_notice_days": 1})), joined(ANNA))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))
    await bought(world, "1")
    await time_passes(world, 29 * DAY + timedelta(hours=hours - 1))
    assert await told(world) == []
    await time_passes(world, timedelta(hours=2))
    assert await told(world) == [(ANNA, day(last), [(100, True)])]


async def test_more_is_taken_back_than_is_there_and_other_lots_make_up_for_it_the_first_to_expire_first(
    world: World,
) -> None:
    """Else a debt would stay beside lots that expire, and the holder would lose both."""
    await opened(world)
    await bought(world, "1", "2")
    await reserve(world, 180, "o")
    await capture(world, "o")
    await time_passes(world, DAY)
    await bought(world, "3")
    await time_passes(world, DAY)
    await bought(world, "4")
    await bought(world, "1", "2", revision=2, cancelled=True)
    assert await lots(world) == [(200, 20, 0, 0, 180, 0), (100, 100, 0, 0, 0, 0), (100, 80, 0, 0, 0, 20)]
    assert await debt(world) == 0
    await bought(world, "4", revision=2, cancelled=True)
    assert (await lots(world))[2] == (100, 100, 0, 0, 0, 0) and await debt(world) == 80
    await time_passes(world, 40 * DAY)
    assert await holding(world, ANNA, "points") == Holding(granted=400, clawed_back=300, available=-80, used=180)
    # What comes back pays it, and the rest, whose time is over, expires.
    await give_back(world, "o", 100, "r")
    await run_jobs(world)
    assert await debt(world) == 0
    assert await holding(world, ANNA, "points") == Holding(granted=400, clawed_back=300, expired=20, used=80)
    assert (await audit(world)).findings == [] and set((await world.trial(STORE)).values()) == {0}


async def test_what_is_over_makes_up_for_no_debt_also_before_its_job_came(world: World) -> None:
    """Whether the job has come already makes no difference."""
    await opened(world, POINTS, POINTS | {"name": "short", "expires_after_days": 5})
    await bought(world, "1")
    await reserve(world, 200, "o")
    await capture(world, "o")
    await time_passes(world, DAY)
    await bought(world, "2")
    await world.move_clock(seconds=int((7 * DAY).total_seconds()))
    await bought(world, "1", revision=2, cancelled=True)
    assert await debt(world) == 100
    await run_jobs(world)
    held = await holding(world, ANNA, "points")
    assert held == Holding(granted=400, clawed_back=200, available=-100, used=200, expired=100)
    assert (await audit(world)).findings == []


async def test_pages_say_what_an_idle_holder_keeps_until_when(world: World) -> None:
    await opened(world, IDLE)
    await bought(world, "1")
    async with world.browser(STORE) as console, portal(world) as mine:
        for page, path in ((console, f"/console/rewards/balances/{ANNA}"), (mine, "/p/balance")):
            text = " ".join((await page.get(path)).text.split())
            assert "Can be used until 3 Dec 2026, and longer if some is earned or used" in text
        liable = (await console.get("/console/rewards/liability")).text
    assert "expires within so many days" in liable
