"""A till's "walk-in" with thousands of open orders: what concerns them all is decided some orders at a time."""

import os
import signal
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.orders import OrderReported
from services.attribution.decisions.actions import backlog, later, take
from services.attribution.decisions.actions.reconcile import reconcile
from services.attribution.decisions.actions.replay import check_remembered, replay_all
from services.attribution.decisions.actions.settle import settle
from services.attribution.orders import sql as orders_sql
from services.kernel.db import Database
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    at,
    browser,
    cancel,
    code,
    decision_of,
    figures,
    identify,
    order,
    program,
    refund,
)
from tests.support.command_line import fork
from tests.support.sweeping import go_on

OPEN = 30
"""Orders that the walk-in has, where three are decided at a time."""


def bought(count: int = OPEN, **reported: Any) -> list[OrderReported]:
    """Orders of the walk-in, a minute apart."""
    fields = {"customer": "walk-in", **reported}
    return [order(f"o{n:05}", placed_at=at(days=-30) + timedelta(minutes=n), **fields) for n in range(count)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "MOST", 3)
    monkeypatch.setattr(take, "MANY", 3)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The orders whose facts were read for decisions."""
    seen: list[str] = []
    of_orders = orders_sql.of_orders

    async def noting(tx: Any, orders: Iterable[tuple[str, str]], *, as_of: int) -> Any:
        wanted = list(orders)
        seen.extend(order_id for _, order_id in wanted)
        return await of_orders(tx, wanted, as_of=as_of)

    monkeypatch.setattr(orders_sql, "of_orders", noting)
    return seen


async def all_right(db: Database, store: str = STORE) -> None:
    async with db.transaction([store]) as tx:
        assert all(one.equal for one in await replay_all(tx, store, count=2000))
        assert all(one.equal for one in await check_remembered(tx, store, count=2000))
        assert (await reconcile(tx, store)).difference == 0
        assert await tx.scalar("select count(*) from backlogs") == 0
        assert await tx.scalar("select count(*) from undecided") == 0


async def numbers(db: Database) -> list[int]:
    """The number of every order that is decided, by place."""
    async with db.transaction([STORE]) as tx:
        ids = [row.order_id for row in await tx.all("select order_id from orders order by placed_at, order_id")]
    return [(await decision_of(db, order_id))["order_number"] for order_id in ids]


@pytest.mark.usefixtures("few")
async def test_a_late_order_has_all_behind_it_decided_again_some_at_a_time(db: Database, read: list[str]) -> None:
    await arrive(db, program(), *bought())
    read.clear()
    late = order("late", customer="walk-in", placed_at=at(days=-30) + timedelta(seconds=630))
    await arrive(db, late)
    assert read == [], "nothing is decided with the news"
    async with db.transaction([STORE]) as tx:
        assert await backlog.work_off(tx, [STORE])
    assert sorted(read) == ["late", "o00011", "o00012"], "the first in the order of their placing"
    await go_on(db)
    assert len(read) == OPEN - 11 + 1, "each once, and none that stands before it"
    assert await numbers(db) == list(range(1, OPEN + 2))
    await all_right(db)


@pytest.mark.usefixtures("few")
async def test_an_order_that_waits_can_be_asked_for_and_what_is_reported_of_it_meanwhile_counts(
    db: Database, http: httpx.AsyncClient
) -> None:
    await arrive(db, *bought(store=SHOP, codes=["ANNA10"]))
    late: dict[str, Any] = {"customer": "walk-in", "placed_at": at(days=-31), "store": SHOP}
    await arrive(db, order("late", **late), order("over", **late))
    answer = await http.get("/v1/orders/late", headers=SECRET_KEY)
    assert (answer.status_code, answer.json().get("decision")) == (200, None)
    await arrive(db, refund(1000, order_id="late", store=SHOP), cancel("over", store=SHOP))
    await arrive(db, order("late", **late, reported=figures(8510), updated_at=at(days=-2)))
    await go_on(db)
    assert (await http.get("/v1/orders/late", headers=SECRET_KEY)).json()["decision"]["order_number"] == 1
    decision = await decision_of(db, "late", store=SHOP)
    assert (decision["refunded_minor"], decision["figures"]["total_minor"]) == (1000, 9000)
    assert (await decision_of(db, "over", store=SHOP))["cancelled"]
    assert (await decision_of(db, "o00000", store=SHOP))["order_number"] == 2
    await all_right(db, SHOP)


@pytest.mark.usefixtures("few")
async def test_what_comes_meanwhile_and_concerns_earlier_orders_goes_back_to_them(db: Database) -> None:
    await arrive(db, program(), *bought())
    await arrive(db, order("late", customer="walk-in", placed_at=at(days=-30) + timedelta(seconds=1230)))
    async with db.transaction([STORE]) as tx:
        await backlog.work_off(tx, [STORE])
    await arrive(db, cancel("o00003"), order("newest", customer="walk-in", placed_at=at(days=-1)))
    await go_on(db)
    found = await numbers(db)
    # A cancelled order has the number that it would have, and the next one has the same.
    assert found == [1, 2, 3, 4, *range(4, OPEN + 2)]
    await all_right(db)


@pytest.mark.usefixtures("few")
async def test_nothing_settles_that_is_still_to_be_decided_and_all_else_does(db: Database) -> None:
    await arrive(db, program(), *bought())
    await arrive(db, order("late", customer="walk-in", placed_at=at(days=-30) + timedelta(seconds=1230)))

    async def settled() -> int:
        async with db.transaction([STORE]) as tx:
            await tx.execute("update orders set settle_at = placed_at where settle_at is not null")
            moments = await settle(tx, [STORE])
            assert STORE not in moments or moments[STORE] <= tx.now
            return int(await tx.scalar("select count(*) from orders where settled_at is not null"))

    assert await settled() == 21
    await go_on(db)
    assert await settled() == OPEN + 1
    assert await numbers(db) == list(range(1, OPEN + 2))
    await all_right(db)


@pytest.mark.usefixtures("few")
async def test_two_who_turn_out_to_be_one_while_both_wait_are_decided_as_one(db: Database) -> None:
    ours = bought()
    theirs = [
        order(f"t{n}", customer="till", placed_at=at(days=-30) + timedelta(minutes=n, seconds=5)) for n in range(9)
    ]
    await arrive(db, program(), *ours, *theirs)
    await arrive(db, order("late", customer="walk-in", placed_at=at(days=-31)))
    await arrive(db, order("later", customer="till", placed_at=at(days=-31)))
    await arrive(db, order("both", customer="walk-in", contacts=["h1"]), order("too", customer="till", contacts=["h1"]))
    await go_on(db)
    assert await numbers(db) == list(range(1, len(ours) + len(theirs) + 5))
    await all_right(db)


async def test_another_mail_with_each_order_has_nobody_else_s_decided_again_but_an_ambassador_s(
    db: Database, read: list[str]
) -> None:
    many = bought(60, codes=["ANNA10"], contacts=["aa_first"])
    await arrive(db, program(new_customers_only=False), ambassador(contacts=["h_anna"]), code(), *many)
    read.clear()
    await arrive(db, order("next", customer="walk-in", contacts=["zz_new"], visitor=browser("v1")))
    assert read == ["next"]
    await arrive(db, order("own", customer="walk-in", contacts=["h_anna"], codes=["ANNA10"]))
    await go_on(db)
    assert {(await decision_of(db, one.order_id))["reason"] for one in many} == {"self_referral"}
    await all_right(db)


@pytest.mark.usefixtures("few")
async def test_a_naming_by_the_store_s_server_waits_its_turn_too(db: Database) -> None:
    await arrive(db, program(), ambassador(), *bought())
    await arrive(db, identify(customer="walk-in", contacts=["aa_first"]))
    await go_on(db)
    await all_right(db)


@pytest.mark.timeout(180)
async def test_a_kill_between_two_steps_loses_nothing_but_the_step(db: Database) -> None:
    count = later.MOST * 2 + 20
    await arrive(db, program(), *bought(count))
    await arrive(db, order("late", customer="walk-in", placed_at=at(days=-31)))
    failing = {**os.environ, "KITH_FAILPOINTS": "backlog.before_commit=kill@2"}
    child = await fork(db.url, module="tests.support.sweeping", env=failing)
    assert await child.wait() == -signal.SIGKILL
    assert (await numbers(db)).count(1) == 1
    await go_on(db)
    assert await numbers(db) == list(range(1, count + 2))
    await all_right(db)


@pytest.mark.usefixtures("few")
async def test_a_code_s_use_that_an_order_in_a_backlog_gives_back_goes_to_who_was_refused_it(db: Database) -> None:
    many = bought()
    many[3] = many[3].model_copy(update={"codes": ("ANNA10",)})
    await arrive(db, program(), ambassador(), code(max_uses=1), *many)
    await arrive(db, order("other", customer="c2", codes=["ANNA10"]))
    assert (await decision_of(db, "other"))["reason"] == "code_used_up"
    await arrive(db, cancel("o00003"))
    assert (await decision_of(db, "other"))["status"] == "rejected", "the walk-in's turn has not come"
    await go_on(db)
    assert (await decision_of(db, "o00003"))["cancelled"]
    assert (await decision_of(db, "other"))["status"] == "attributed"
    await all_right(db)


@pytest.mark.usefixtures("few")
async def test_an_order_that_is_reported_with_another_time_of_placing_keeps_the_earliest(db: Database) -> None:
    await arrive(db, program(), *bought())
    again = order("o00004", customer="walk-in", placed_at=at(days=-1), reported=figures(8510), updated_at=at(days=-1))
    await arrive(db, again)
    await go_on(db)
    assert await numbers(db) == list(range(1, OPEN + 1))
    assert (await decision_of(db, "o00004"))["order_number"] == 5
    await all_right(db)


@pytest.mark.usefixtures("few")
async def test_what_comes_faster_than_the_steps_go_does_not_keep_the_others_waiting_for_ever(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "PATIENCE", timedelta())
    await arrive(db, program(), *bought())
    for n in range(backlog.TIMES + 1):
        await arrive(db, order(f"early{n:02}", customer="walk-in", placed_at=at(days=-31 - n)))
        async with db.transaction([STORE]) as tx:
            left = await backlog.work_off(tx, [STORE])
        assert bool(left) == (n < backlog.TIMES), "moved back so many times, it is worked off whole"
    assert await numbers(db) == list(range(1, OPEN + backlog.TIMES + 2))
    await all_right(db)
