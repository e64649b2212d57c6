"""A program's new version that reaches more open orders than one transaction should decide: it is in force at once, and
goes through the store person by person, whatever happens meanwhile.
"""

import os
import signal
from collections import Counter

import orjson
import pytest

from services.attribution.decisions.actions import take
from services.attribution.decisions.actions.replay import check_remembered, replay_all
from services.attribution.decisions.actions.settle import settle
from services.attribution.decisions.actions.sweep import AT_ONCE
from services.attribution.decisions.sql.packed import unpack
from services.kernel.db import Database
from services.kernel.service import TooMuch
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    at,
    code,
    decision_of,
    order,
    program,
)
from tests.support.command_line import fork
from tests.support.sweeping import go_on

PEOPLE = AT_ONCE * 3 // 2
"""With two open orders each: three transactions and a bit."""
STRICTER = program(version=2, published_at=at(days=-10), min_subtotal_minor=90_000, new_customers_only=False)


async def open_orders(db: Database) -> None:
    reported = [
        order(f"{person:03}-{n}", customer=f"c{person}", codes=["ANNA10"], placed_at=at(days=-9, minutes=person + n))
        for person in range(PEOPLE)
        for n in range(2)
    ]
    await arrive(db, program(new_customers_only=False), ambassador(), code())
    # One by one as people come, so that their ids are in the order of their numbers.
    for start in range(0, len(reported), 100):
        await arrive(db, *reported[start : start + 100])


async def by_version(db: Database) -> Counter[int]:
    """How many orders were decided by each version."""
    async with db.transaction([STORE]) as tx:
        rows = await tx.all(
            "select d.body from decisions d join orders o using (store_id, order_id, revision) where store_id = :s",
            s=STORE,
        )
    found = [orjson.loads(unpack(bytes(row.body))) for row in rows]
    return Counter(1 if one["status"] == "attributed" else 2 for one in found)


async def sweeping_process(url: str, failpoints: str = "") -> int | None:
    child = await fork(url, module="tests.support.sweeping", env={**os.environ, "KITH_FAILPOINTS": failpoints})
    return await child.wait()


async def all_right(db: Database) -> None:
    async with db.transaction([STORE]) as tx:
        assert all(one.equal for one in await replay_all(tx, STORE, count=2000))
        assert all(one.equal for one in await check_remembered(tx, STORE, count=2000))


@pytest.mark.timeout(180)
async def test_a_version_that_reaches_many_goes_through_them_and_survives_a_kill_between_two_steps(
    db: Database,
) -> None:
    await open_orders(db)
    await arrive(db, STRICTER)
    assert await by_version(db) == {1: 2 * PEOPLE}

    assert await sweeping_process(db.url, "sweep.before_commit=kill@2") == -signal.SIGKILL
    done = (await by_version(db))[2]
    assert 0 < done <= AT_ONCE
    await all_right(db)

    last = f"{PEOPLE - 1:03}"
    await arrive(db, order("new", customer=f"c{PEOPLE - 1}", codes=["ANNA10"]), order("other", codes=["ANNA10"]))
    reported = {name: (await decision_of(db, name))["status"] for name in ("new", "other", f"{last}-0", f"{last}-1")}
    assert set(reported.values()) == {"rejected"}, "whoever is touched is decided as a whole, by what is in force"
    await all_right(db)

    assert await sweeping_process(db.url) == 0
    assert await by_version(db) == {2: 2 * PEOPLE + 2}
    async with db.transaction([STORE]) as tx:
        assert await tx.scalar("select count(*) from sweeps") == 0
    await all_right(db)


async def test_what_settles_before_its_turn_is_decided_by_what_is_in_force(db: Database) -> None:
    await open_orders(db)
    await arrive(db, STRICTER)
    async with db.transaction([STORE]) as tx:
        await tx.execute("update orders set settle_at = now() + interval '9 days' where order_id <> '007-0'")
        await settle(tx, [STORE])
    settled = await decision_of(db, "007-0")
    assert (settled["status"], settled["settled"] is not None) == ("rejected", True)
    assert (await by_version(db))[2] == 2
    await go_on(db)
    assert await by_version(db) == {2: 2 * PEOPLE}
    await all_right(db)


async def test_an_ambassador_s_end_is_swept_too_and_a_second_news_starts_it_again(db: Database) -> None:
    await open_orders(db)
    await arrive(db, ambassador(revision=2, status="blocked"))
    await arrive(db, ambassador(revision=3))
    await go_on(db)
    assert await by_version(db) == {1: 2 * PEOPLE}
    await arrive(db, ambassador(revision=4, status="blocked"))
    await go_on(db)
    assert await by_version(db) == {2: 2 * PEOPLE}
    await all_right(db)


async def test_few_are_decided_at_once(db: Database) -> None:
    await arrive(db, program(), ambassador(), code(), order("1", codes=["ANNA10"], placed_at=at(days=-9)))
    await arrive(db, STRICTER)
    assert await by_version(db) == {2: 1}
    async with db.transaction([STORE]) as tx:
        assert await tx.scalar("select count(*) from sweeps") == 0


async def test_a_batch_that_would_decide_too_much_asks_for_less_unless_it_is_one_person_s(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take, "MOST_OPEN", 3)
    reported = [order(f"{who}{n}", customer=who, placed_at=at(minutes=n)) for who in ("a", "b") for n in range(4)]
    await arrive(db, program(), *reported)
    paid_more = [order(f"{who}{n}", customer=who, updated_at=at(days=1)) for who in ("a", "b") for n in range(2)]
    with pytest.raises(TooMuch):
        await arrive(db, *paid_more)
    await arrive(db, *paid_more[:2])
    await arrive(db, paid_more[2])
    await all_right(db)
