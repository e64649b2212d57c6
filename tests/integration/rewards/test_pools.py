"""Pools over a real PostgreSQL: exactly as many codes as asked for, each handed out once, and the store's own lists."""

import asyncio
import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contracts.events.pools import PoolNearlyEmptied
from services.kernel.db import Tx
from services.kernel.work import Done, Task
from services.rewards.pools import sql, work
from services.rewards.pools.actions import bring, fill
from services.rewards.pools.actions.hand_out import PoolEmpty, hand_out
from services.rewards.pools.domain import Pool
from tests.integration.rewards.world import World
from tests.support.busy import PATIENCE_S
from tests.unit.rewards.build import STORE

OTHER = "str_other"


async def opened(world: World, *, store: str = STORE, **wanted: Any) -> Pool:
    async with world.db.transaction([store]) as tx:
        return await fill.open_pool(tx, store, **{"name": "Coffee", **wanted})


async def made(world: World, pool: Pool, *, most: int = fill.SLICE) -> Pool:
    """Makes all that is wanted, slice after slice."""
    for _ in range(pool.wanted + 2):
        async with world.db.transaction([pool.store_id]) as tx:
            more = await fill.make_slice(tx, pool.store_id, pool.pool_id, start=pool.start, most=most)
        if not more:
            return await now_of(world, pool)
    raise AssertionError("a slice for each code, and more are left")


async def now_of(world: World, pool: Pool) -> Pool:
    async with world.db.transaction([pool.store_id]) as tx:
        return await fill.get(tx, pool.store_id, pool.pool_id)


async def codes_of(world: World, pool: Pool) -> list[str]:
    async with world.db.transaction([pool.store_id]) as tx:
        return [one.code for one in await sql.codes(tx, pool, after=0, upto=pool.last_place, count=10_000)]


def task_of(pool: Pool) -> Task:
    new = fill.task_of(pool, 0)
    return Task(
        id=1,
        kind=new.kind,
        store_id=new.store_id,
        lane=new.lane,
        key=new.key,
        payload=new.payload,
        attempt=1,
        failures=0,
        created_at=pool.made_at,
    )


@pytest.fixture
def few_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance that gives each code twice in a row, so that about half of what is drawn is there already."""
    drawn = iter(f"{n // 2:09}" for n in range(10**6))

    def short_codes(count: int, length: int) -> list[str]:
        return [next(drawn)[-length:] for _ in range(count)]

    monkeypatch.setattr(fill, "short_codes", short_codes)


async def test_all_are_made_none_twice_and_what_was_stopped_goes_on(world: World) -> None:
    pool = await opened(world, count=50, prefix="CAFE")
    async with world.db.transaction([STORE]) as tx:
        assert await fill.make_slice(tx, STORE, pool.pool_id, start=pool.start, most=20)
    async with world.db.transaction([STORE]) as tx:
        assert (await fill.cancel(tx, STORE, pool.pool_id)).state == "cancelled"
        assert not await fill.make_slice(tx, STORE, pool.pool_id, start=pool.start)
        again = await fill.resume(tx, STORE, pool.pool_id)
    assert (again.made, again.state, again.start) == (20, "making", 2)
    async with world.db.transaction([STORE]) as tx:  # the task from before has nothing to do any more
        assert not await fill.make_slice(tx, STORE, pool.pool_id, start=pool.start)
    assert isinstance(await work.run(world.ctx, task_of(again)), Done)
    done = await now_of(world, pool)
    assert (done.state, done.made, done.free) == ("ready", 50, 50)
    codes = await codes_of(world, done)
    assert len(set(codes)) == 50 and all(code.startswith("CAFE") and len(code) == 14 for code in codes)
    assert codes != sorted(codes)  # whoever has one knows nothing of the next


@pytest.mark.usefixtures("few_codes")
async def test_codes_that_are_there_already_are_made_up_for(world: World) -> None:
    first = await made(world, await opened(world, count=10, signs=9), most=4)
    second = await made(world, await opened(world, count=7, signs=9), most=4)
    assert (first.made, second.made) == (10, 7)
    codes = [*await codes_of(world, first), *await codes_of(world, second)]
    assert len(set(codes)) == 17


async def test_two_who_make_at_once_make_no_code_too_many(world: World) -> None:
    pool = await opened(world, count=30)
    await asyncio.gather(*(made(world, pool, most=4) for _ in range(4)))
    assert (await now_of(world, pool)).made == 30 == len(await codes_of(world, await now_of(world, pool)))


async def test_making_that_fails_says_so_and_goes_on(world: World) -> None:
    pool = await opened(world, count=10)
    async with world.db.transaction([STORE]) as tx:
        await work.given_up(tx, task_of(pool), "deadline")
    assert ((await now_of(world, pool)).state, (await now_of(world, pool)).reason) == ("failed", "deadline")
    async with world.db.transaction([STORE]) as tx:
        again = await fill.resume(tx, STORE, pool.pool_id)
    assert again.reason is None and (await made(world, again)).made == 10


async def test_each_code_is_handed_out_once_however_many_ask_at_once(world: World) -> None:
    pool = await made(world, await opened(world, count=40, low_below=3))

    async def take(reference: str) -> str:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    async with world.db.transaction([STORE]) as tx:
                        return (await hand_out(tx, STORE, pool.pool_id, reference=reference)).code
                except PoolEmpty:
                    return ""
                except PoolTimeout:  # too many wait for a connection: whoever asked asks again
                    continue

    # Each of 50 asks twice; ten come too late.
    asked = [f"ref-{n}" for n in range(50)] * 2
    taken = await asyncio.gather(*(take(one) for one in asked))
    by_reference: dict[str, set[str]] = {}
    for reference, code in zip(asked, taken, strict=True):
        by_reference.setdefault(reference, set()).add(code)
    assert all(len(codes) == 1 for codes in by_reference.values())
    given = sorted(code for codes in by_reference.values() for code in codes if code)
    assert given == sorted(await codes_of(world, pool)) and len(given) == 40
    after = await now_of(world, pool)
    assert (after.handed, after.free) == (40, 0)


async def test_a_pool_that_runs_low_says_so_once_until_it_is_filled(world: World) -> None:
    pool = await made(world, await opened(world, count=4, low_below=3))

    async def take(*references: str) -> None:
        for reference in references:
            async with world.db.transaction([STORE]) as tx:
                await hand_out(tx, STORE, pool.pool_id, reference=reference)

    async def warnings() -> list[int]:
        return [one.free for one in await world.emitted(STORE) if isinstance(one, PoolNearlyEmptied)]

    await take("a")
    assert await warnings() == []
    await take("b", "c")
    assert await warnings() == [2]
    async with world.db.transaction([STORE]) as tx:
        filled = await fill.make(tx, STORE, pool.pool_id, count=4)
    assert (await made(world, filled)).low_since is None
    await take("d", "e", "f")
    assert await warnings() == [2, 2]


async def test_a_rolled_back_hand_out_leaves_the_code_for_the_next(world: World) -> None:
    pool = await made(world, await opened(world, count=2))
    first = None
    with contextlib.suppress(bring.Undone):
        async with world.db.transaction([STORE]) as tx:
            first = await hand_out(tx, STORE, pool.pool_id, reference="a")
            raise bring.Undone
    assert first is not None
    async with world.db.transaction([STORE]) as tx:
        assert (await hand_out(tx, STORE, pool.pool_id, reference="b")).code == first.code


async def test_a_store_s_own_codes_are_reported_line_by_line(world: World) -> None:
    other = await made(world, await opened(world, count=1))
    (taken,) = await codes_of(world, other)
    async with world.caller(STORE) as api:
        pool = (await api.post("/v1/pools", json={"name": "Own"})).json()["id"]
        text = f"code\nspring-1\nSPRING-2\nSpring-1\nтак\n{taken}\n"
        tried = await api.post(f"/v1/pools/{pool}/codes", json={"csv": text, "dry_run": True})
        assert (tried.json()["added"], (await api.get(f"/v1/pools/{pool}")).json()["added"]) == (2, 0)
        sent = (await api.post(f"/v1/pools/{pool}/codes", json={"csv": text})).json()
        assert (sent["lines"], sent["added"]) == (5, 2)
        left = [(one["line"], one["why"], one["first_line"], one["pool_name"]) for one in sent["data"]]
        assert left == [
            (4, "twice_in_list", 2, None),
            (5, "invalid", None, None),
            (6, "in_another_pool", None, "Coffee"),
        ]
        again = (await api.post(f"/v1/pools/{pool}/codes", json={"csv": "SPRING-2\nSPRING-3"})).json()
        assert [(one["line"], one["why"]) for one in again["data"]] == [(1, "in_this_pool")]
        assert (again["added"], again["pool"]["free"]) == (1, 3)
        for wrong in ("\n", 'a"\n"b'):
            refused = await api.post(f"/v1/pools/{pool}/codes", json={"csv": wrong})
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "csv")


@pytest.mark.parametrize("adding", ["made", "brought"])
async def test_codes_that_are_being_written_hold_nobody_up(
    world: World, monkeypatch: pytest.MonkeyPatch, adding: str
) -> None:
    """A hand-out under the store's lock, as a redemption takes it, goes through between the writing and its commit."""
    pool = await made(world, await opened(world, count=2))
    claim, handed = sql.claim_codes, list[str]()

    async def claimed(tx: Tx, store_id: str, pool_id: str, codes: Sequence[str]) -> Sequence[str]:
        found = await claim(tx, store_id, pool_id, codes)
        async with world.db.transaction([STORE]) as other:
            await other.execute("set local lock_timeout = '1s'")
            await other.lock_stores([STORE])
            handed.append((await hand_out(other, STORE, pool.pool_id, reference="a")).code)
        return found

    async with world.db.transaction([STORE]) as tx:
        await tx.lock_stores([STORE])  # its row is there
        more = await fill.make(tx, STORE, pool.pool_id, count=3)
    monkeypatch.setattr(sql, "claim_codes", claimed)
    async with world.db.transaction([STORE]) as tx:
        if adding == "made":
            assert not await fill.make_slice(tx, STORE, pool.pool_id, start=more.start)
        else:
            await bring.bring(tx, STORE, pool.pool_id, await bring.read("A-1\nA-2\nA-3"))
    after = await now_of(world, pool)
    assert (len(handed), after.size, after.free, after.handed) == (1, 5, 4, 1)
    assert len(await codes_of(world, after)) == 5


async def test_what_was_drawn_while_making_was_stopped_is_undone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = await opened(world, count=3)
    claim = sql.claim_codes

    async def claimed(tx: Tx, store_id: str, pool_id: str, codes: Sequence[str]) -> Sequence[str]:
        async with world.db.transaction([STORE]) as other:
            await fill.cancel(other, STORE, pool.pool_id)
        return await claim(tx, store_id, pool_id, codes)

    monkeypatch.setattr(sql, "claim_codes", claimed)
    monkeypatch.setattr(fill, "short_codes", lambda count, _: [f"{n:09}" for n in range(count)])
    async with world.db.transaction([STORE]) as tx:
        assert not await fill.make_slice(tx, STORE, pool.pool_id, start=pool.start)
    assert (await now_of(world, pool)).made == 0
    async with world.db.transaction([STORE]) as tx:
        assert await sql.known(tx, STORE, [f"{n:09}" for n in range(3)]) == []


async def test_a_list_reports_what_somebody_else_added_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = await opened(world, name="Own"), await opened(world, name="Tea")
    claim = sql.claim_codes

    async def claimed(tx: Tx, store_id: str, pool_id: str, codes: Sequence[str]) -> Sequence[str]:
        if pool_id == own.pool_id:
            async with world.db.transaction([STORE]) as another:
                await bring.bring(another, STORE, other.pool_id, await bring.read("A-2\nA-4"))
        return await claim(tx, store_id, pool_id, codes)

    monkeypatch.setattr(sql, "claim_codes", claimed)
    async with world.db.transaction([STORE]) as tx:
        found = await bring.bring(tx, STORE, own.pool_id, await bring.read("A-1\nA-2\nA-3"))
    (left,) = found.left
    assert (found.lines, found.added, left.line.code, left.why) == (3, 2, "A-2", "in_another_pool")
    assert left.pool is not None and left.pool.name == "Tea" and found.pool.added == 2


def rows_of(answer: httpx.Response) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(answer.text))


async def test_codes_leave_as_csv_and_by_reference(world: World) -> None:
    pool = await made(world, await opened(world, count=5))
    async with world.caller(STORE) as api:
        place = f"/v1/pools/{pool.pool_id}"
        one = await api.post(f"{place}/handouts", json={"reference": "order-1042"})
        assert one.status_code == 201
        again = await api.post(f"{place}/handouts", json={"reference": "order-1042"})
        assert again.json()["code"] == one.json()["code"]
        free = [
            row["code"] for row in rows_of(await api.get(f"{place}/codes", params={"format": "csv", "which": "free"}))
        ]
        assert len(free) == 4 and one.json()["code"] not in free
        (gone,) = rows_of(await api.get(f"{place}/codes", params={"format": "csv", "which": "handed_out"}))
        assert (gone["code"], gone["status"], gone["reference"]) == (one.json()["code"], "handed_out", "order-1042")
        page = (await api.get(f"{place}/codes", params={"limit": 3})).json()
        more = (await api.get(f"{place}/codes", params={"limit": 3, "cursor": page["next_cursor"]})).json()
        assert [row["code"] for row in (*page["data"], *more["data"])] == await codes_of(world, pool)
        person = await api.post(f"{place}/handouts", json={"reference": "anna@example.com"})
        assert person.status_code == 422


async def test_requests_say_what_is_wrong_and_repeat_by_key(world: World) -> None:
    async with world.caller(STORE) as api:
        for wrong in ({"prefix": "ТАК"}, {"prefix": "LONGLONG", "signs": 13}, {"signs": 8}, {"count": -1}):
            assert (await api.post("/v1/pools", json={"name": "X", **wrong})).status_code == 422, wrong
        key = {"idempotency-key": "one-pool"}
        first, second = [await api.post("/v1/pools", json={"name": "X", "count": 3}, headers=key) for _ in range(2)]
        assert first.json() == second.json() and first.json()["state"] == "making"
        place = f"/v1/pools/{first.json()['id']}"
        more = await api.post(f"{place}/make", json={"count": 2})
        assert (more.json()["wanted"], more.json()["state"]) == (5, "making")
        assert (await api.post(f"{place}/make", json={"count": 5_000_000})).status_code == 422
        assert (await api.post(f"{place}/handouts", json={"reference": "a"})).json()["code"] == "pool_empty"
        assert (await api.post(f"{place}/cancel")).json()["state"] == "cancelled"
        assert (await api.patch(place, json={"low_below": 7, "name": "Y"})).json()["low_below"] == 7
        for path in ("cancel", "resume", "cancel"):  # the first repeats what was done, and is noted no more
            assert (await api.post(f"{place}/{path}")).status_code == 200
        stops = "select action, after from audit where action in ('pool.cancelled', 'pool.resumed') order by at"
        assert [(one.action, one.after) for one in await world.look(STORE, stops)] == [
            ("pool.cancelled", {"count": 0}),
            ("pool.resumed", {"count": 5}),
            ("pool.cancelled", {"count": 0}),
        ]
        own = (await api.post("/v1/pools", json={"name": "Own"})).json()["id"]
        for path in ("cancel", "resume"):
            assert (await api.post(f"/v1/pools/{own}/{path}")).json()["code"] == "pool_state"
        assert (await api.get("/v1/pools/pol_none")).json()["code"] == "pool_not_found"
    async with world.caller(OTHER) as stranger:
        assert (await stranger.get(place)).status_code == 404
        assert (await stranger.get("/v1/pools")).json()["data"] == []
    async with world.caller(STORE, "rewards:read", "codes:read", "codes:write") as promo:  # free codes are worth money
        for path in ("", "/codes", "/codes?format=csv"):
            assert (await promo.get(place + path)).json()["code"] == "missing_scope"
        taken = await promo.post(f"{place}/handouts", json={"reference": "a"})
        assert taken.json()["code"] == "missing_scope"
    async with world.caller(STORE, "pools:read") as reader:
        assert (await reader.get(f"{place}/codes")).status_code == 200
        assert (await reader.post(f"{place}/handouts", json={"reference": "a"})).status_code == 403


async def test_the_same_code_may_be_in_two_stores(world: World) -> None:
    for store in (STORE, OTHER):
        async with world.caller(store) as api:
            pool = (await api.post("/v1/pools", json={"name": "Own"})).json()["id"]
            assert (await api.post(f"/v1/pools/{pool}/codes", json={"csv": "SAME"})).json()["added"] == 1


SAME_SITE = {"sec-fetch-site": "same-origin"}


async def test_the_console_sets_up_fills_and_warns(world: World) -> None:
    async with world.browser(STORE) as page:
        empty = (await page.get("/console/rewards/pools")).text
        assert "No pool yet" in empty
        wrong = await page.post(
            "/console/rewards/pools", data={"name": "Coffee <5>", "count": "many", "low_below": "3"}, headers=SAME_SITE
        )
        assert wrong.status_code == 422 and "Write a number" in wrong.text and "Coffee &lt;5&gt;" in wrong.text
        sent = {"name": "Coffee <5>", "count": "", "prefix": "", "low_below": "3"}
        opened_at = (await page.post("/console/rewards/pools", data=sent, headers=SAME_SITE)).headers["location"]
        files = {"file": ("codes.csv", "code\nA-1\nA-2\nA-1\n", "text/csv")}
        report = await page.post(f"{opened_at}/codes", files=files, headers=SAME_SITE)
        assert report.status_code == 200
        assert "2 codes were added." in report.text and "Stands in line 2 already." in report.text
        assert "2 codes are left" in report.text
        assert "Too few codes are left in:" in (await page.get("/console/rewards/pools")).text
        assert (await page.post(f"{opened_at}/make", data={"count": "10"}, headers=SAME_SITE)).status_code == 303
        making = await page.get(opened_at)
        assert "Making codes" in making.text and "0 of 10" in making.text and "refresh" in making.headers
        assert (await page.post(f"{opened_at}/cancel", headers=SAME_SITE)).status_code == 303
        assert "Stopped" in (await page.get(opened_at)).text
        assert (await page.post(f"{opened_at}/resume", headers=SAME_SITE)).status_code == 303
        assert (
            await page.post(opened_at, data={"name": "Tea", "low_below": "0"}, headers=SAME_SITE)
        ).status_code == 303
        assert "Tea" in (await page.get("/console/rewards/pools")).text
        assert next(iter(rows_of(await page.get(opened_at, params={"format": "csv"}))))["code"] == "A-1"


async def test_what_is_noted_of_a_change_is_what_differs(world: World) -> None:
    """The console's form sends both, whatever was written."""
    pool = await opened(world)
    for name, low_below in (("Coffee", 7), ("Tea", 7), ("Cake", 9), ("Cake", 9)):
        async with world.db.transaction([STORE]) as tx:
            await fill.change(tx, STORE, pool.pool_id, name=name, low_below=low_below)
    noted = await world.look(
        STORE, "select cast(after as jsonb) ->> 'changed' from audit where action = 'pool.changed' order by audit_id"
    )
    assert [changed for (changed,) in noted] == ["low_below", "name", "name,low_below"]
