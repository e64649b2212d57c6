"""Points and store credit over PostgreSQL: they lie in lots, expire when their time is over, and are taken back from
where they lie; and the check of the books sees what does not add up.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command

from services.kernel import migrate
from services.kernel.jobs import Jobs
from services.rewards.ledger.domain import Holding
from services.rewards.lots.sql import lots as sql
from services.rewards.main import SERVICE
from tests.integration.rewards.money import audit, holding, release_all
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import World, open_world
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import (
    ANNA,
    BORIS,
    NOON,
    STORE,
    configured,
    joined,
    make_program,
    make_state,
    published,
)

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
CASH: dict[str, Any] = {name: value for name, value in POINTS.items() if name != "expires_after_days"} | {
    "name": "cash",
    "pay_as": "cash",
}
DAY = timedelta(days=1)


async def opened(world: World, *rules: dict[str, Any]) -> None:
    await world.take(configured(timezone="Europe/Bucharest"), published(make_program(*rules)), joined(ANNA))
    await world.move_clock(seconds=int((NOON - await world.now()).total_seconds()))


async def bought(world: World, *orders: str, revision: int = 1, **changed: Any) -> None:
    """Orders that are settled, and what they bring is released."""
    await world.take(*(make_state(one, revision=revision, settled_at=NOON, **changed) for one in orders))
    await release_all(world)


async def pass_by(world: World, time: timedelta) -> None:
    await world.move_clock(seconds=int(time.total_seconds()))
    await expire_all(world)


async def expire_all(world: World) -> None:
    while await Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due("lot-expiry"):
        pass


async def lots(world: World) -> list[tuple[Any, ...]]:
    rows = await world.look(
        STORE,
        "select rule, day - date '2026-11-03' as day, granted, clawed_back, expired, remaining from lots"
        " where store_id = :store order by day, rule, owner",
    )
    return [tuple(row) for row in rows]


async def debt(world: World) -> int:
    rows = await world.look(STORE, "select coalesce(sum(amount), 0)::bigint from lot_debts where store_id = :store")
    return int(next(iter(rows))[0])


async def test_what_one_rule_gives_in_a_day_is_one_lot_that_expires_when_its_last_day_is_over(world: World) -> None:
    await opened(world, POINTS, CREDIT, CASH)
    await bought(world, "1", "2", friend_id="mia")
    await pass_by(world, DAY)
    await bought(world, "3", friend_id="mia")
    assert await lots(world) == [
        ("credit", 0, 200, 0, 0, 200),
        ("points", 0, 200, 0, 0, 200),
        ("credit", 1, 100, 0, 0, 100),
        ("points", 1, 100, 0, 0, 100),
    ]
    async with world.caller(STORE) as api:
        (money, points) = (await api.get("/v1/balances", params={"ambassador_id": ANNA})).json()["data"]
        assert (money["expired"], money["expiring"]) == (0, [])
        assert points["expiring"] == [
            {"expires_at": "2026-12-03T22:00:00Z", "amount": 200, "kind": "points", "idle": False},
            {"expires_at": "2026-12-04T22:00:00Z", "amount": 100, "kind": "points", "idle": False},
        ]
        assert (await api.get("/v1/liability")).json()["expiring"] == [
            {"unit": "EUR", "kind": "store_credit", "days_0_30": 0}
            | {"days_31_60": 300, "days_61_90": 0, "days_over_90": 0},
            {"unit": "points", "kind": "points", "days_0_30": 300, "days_31_60": 0, "days_61_90": 0}
            | {"days_over_90": 0},
        ]

    # The last day of the first lot is 3 December, of which an hour is left; then it is over.
    moment = datetime(2026, 12, 3, 21, tzinfo=UTC)
    await pass_by(world, moment - await world.now())
    assert await holding(world, ANNA, "points") == Holding(granted=300, available=300)
    await pass_by(world, timedelta(hours=2))
    assert await holding(world, ANNA, "points") == Holding(granted=300, available=100, expired=200)
    assert (await holding(world, ANNA)).available == 300  # cash stays
    assert ("points", 0, 200, 0, 200, 0) in await lots(world)
    await pass_by(world, 40 * DAY)
    assert [one[3:] for one in await lots(world)] == [(0, 200, 0), (0, 200, 0), (0, 100, 0), (0, 100, 0)]
    assert (await audit(world)).findings == [] and set((await world.trial(STORE)).values()) == {0}

    # Who asks for a moment before sees what was there then.
    async with world.caller(STORE) as api:
        then = (await api.get("/v1/balances", params={"ambassador_id": ANNA, "at": moment.isoformat()})).json()["data"]
        assert [(one["unit"], one["available"], one["expired"]) for one in then] == [
            ("EUR", 300, 0),
            ("points", 300, 0),
        ]
        statement = (await api.get("/v1/statements", params={"ambassador_id": ANNA, "unit": "points"} | YEAR)).json()
    assert [(one["movement"], one["amount"]) for one in statement["data"]][-2:] == [("expire", -200), ("expire", -100)]


YEAR = {"from": "2026-11-01", "to": "2027-10-31"}


async def test_one_unit_that_expires_often_does_not_crowd_another_out_of_what_expires_next(world: World) -> None:
    await opened(world, POINTS, CREDIT | {"to": "ambassador"})
    await bought(world, "1")
    await pass_by(world, DAY)
    await bought(world, "2")
    async with world.db.transaction([STORE]) as tx:
        left = await sql.expiring(tx, STORE, owner=ANNA, side="ambassador", count=1)
    assert [(one.kind, one.amount) for one in left] == [("points", 100), ("store_credit", 100)]


async def test_what_is_taken_back_undoes_the_expiry_then_takes_what_is_left_then_is_a_debt(world: World) -> None:
    """Of three rewards in one lot one is taken back before it expires, one after; what comes back pays a debt first."""
    await opened(world, POINTS)
    await bought(world, "1", "2", "3")
    await bought(world, "1", revision=2, cancelled=True)
    assert await lots(world) == [("points", 0, 300, 100, 0, 200)]
    await pass_by(world, 32 * DAY)
    await bought(world, "2", revision=2, cancelled=True)
    assert await lots(world) == [("points", 0, 300, 200, 100, 0)]
    assert await holding(world, ANNA, "points") == Holding(granted=300, clawed_back=200, expired=100)
    movements = [
        row.movement
        for row in await world.look(STORE, "select movement from posting_sets where store_id = :store order by number")
    ]
    assert movements[-3:] == ["expire", "restore", "claw_back"]

    # It counts again: it lies in its lot, whose time is over, and expires at once.
    await bought(world, "2", revision=3)
    assert await lots(world) == [("points", 0, 400, 200, 100, 100)]
    await expire_all(world)
    assert await holding(world, ANNA, "points") == Holding(granted=400, clawed_back=200, expired=200)
    assert (await audit(world)).findings == []


async def test_a_debt_is_paid_by_what_comes_next_before_that_is_a_lot(world: World) -> None:
    """A debt of before, when what lay in other lots did not make up for it: the books are then checked without it."""
    await opened(world, POINTS)
    await bought(world, "1")
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute(
            "insert into lot_debts (store_id, owner, side, unit, pay_as, amount)"
            " values (:store, :owner, 'ambassador', 'points', 'points', 130)",
            store=STORE,
            owner=ANNA,
        )
    await pass_by(world, DAY)
    await bought(world, "2")
    assert (await debt(world), await lots(world)) == (30, [("points", 0, 100, 0, 0, 100), ("points", 1, 0, 0, 0, 0)])
    await bought(world, "3")
    assert (await debt(world), (await lots(world))[1]) == (0, ("points", 1, 70, 0, 0, 70))
    await bought(world, "3", revision=2, cancelled=True)
    # What is taken back after that, and is no longer there, is taken from the other lot.
    assert await debt(world) == 0
    assert await lots(world) == [("points", 0, 100, 30, 0, 70), ("points", 1, 70, 70, 0, 0)]
    kinds = [one.detail for one in (await audit(world)).findings]
    assert kinds == [f"{ANNA} has a debt of 0 points, entries say -130"]


async def test_lots_expire_exactly_once_while_rewards_come_and_go_at_the_same_time(world: World) -> None:
    await opened(world, POINTS)
    orders = [str(n) for n in range(12)]
    await bought(world, *orders[:6])
    await bought(world, *orders[6:], ambassador_id=BORIS)
    await world.move_clock(seconds=int((32 * DAY).total_seconds()))
    jobs = (Jobs(world.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due("lot-expiry") for _ in range(4))
    back = [[make_state(one, revision=2, settled_at=NOON, cancelled=True)] for one in orders[::2]]
    await asyncio.gather(world.take_in_parallel(back), *jobs)
    await expire_all(world)
    for who in (ANNA, BORIS):
        held = await holding(world, who, "points")
        assert held.granted == held.clawed_back + held.expired and held.available == 0
    assert (await audit(world)).findings == []


async def test_the_check_of_the_books_sees_a_lot_or_an_entry_that_was_changed(world: World) -> None:
    await opened(world, POINTS)
    await bought(world, "1", "2")
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute("update lots set granted = granted + 1, remaining = remaining + 1")
    (found,) = (await audit(world)).findings
    assert found.kind == "lot" and "(201, 0, 0, 0, 0)" in found.detail and "(200, 0, 0, 0, 0)" in found.detail
    async with world.owner.transaction([STORE]) as tx:
        await tx.execute("update lots set granted = granted - 1, remaining = remaining - 1")
        await tx.execute("delete from lot_entries where number = (select max(number) from lot_entries)")
    found_now = [one.detail for one in (await audit(world)).findings]
    assert len(found_now) == 2 and any("moved 100, in lots and debts it is 0" in one for one in found_now)


async def test_pages_say_what_can_be_used_until_when_and_what_expired(world: World) -> None:
    await opened(world, POINTS)
    await bought(world, "1")
    async with world.browser(STORE) as console, portal(world) as mine:
        for page, path in ((console, f"/console/rewards/balances/{ANNA}"), (mine, "/p/balance")):
            text = " ".join((await page.get(path)).text.split())
            assert "Can be used until 3 Dec 2026" in text and "Expired" not in text
        assert "expires within so many days" in (await console.get("/console/rewards/liability")).text
        await pass_by(world, 40 * DAY)
        for page, path in ((console, f"/console/rewards/balances/{ANNA}"), (mine, "/p/balance")):
            text = (await page.get(path)).text
            assert "Expired" in text and "Can be used until" not in text
        assert "Expired" in (await mine.get("/p/statement", params={"unit": "points"} | YEAR)).text


async def test_what_was_released_before_there_were_lots_is_put_into_lots_by_its_entries(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    url = await fresh_database("rewards")
    kept = {name: value for name, value in POINTS.items() if name != "expires_after_days"}
    async with open_world(url, tmp_path) as world:
        await opened(world, kept, CASH)
        await bought(world, "1", "2")
        await bought(world, "1", revision=2, cancelled=True)
        await pass_by(world, DAY)
        await bought(world, "3")
        before = await lots(world)
        hashes = await world.look(STORE, "select number, hash from posting_sets where store_id = :store order by 1")
    await migrate._run(SERVICE, url, lambda each: command.downgrade(migrate._config(SERVICE, each), "0028"))
    await migrate.migrate(SERVICE, url)
    async with open_world(url, tmp_path) as world:
        assert before == [("points", 0, 200, 100, 0, 100), ("points", 1, 100, 0, 0, 100)]
        assert await lots(world) == before
        assert (await audit(world)).findings == []
        await bought(world, "2", revision=2, cancelled=True)
        assert (await lots(world))[0] == ("points", 0, 200, 200, 0, 0)
        assert (await audit(world)).findings == []
        books = await world.look(STORE, "select number, hash from posting_sets where store_id = :store order by 1")
        assert list(books)[: len(list(hashes))] == list(hashes)
