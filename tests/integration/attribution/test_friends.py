"""What is remembered of friends: settled orders are not read again, and an id that everybody shares is told."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.events.conversions import Conversion
from contracts.events.orders import OrderReported
from services.attribution.decisions.actions import marks
from services.attribution.decisions.actions.ahead import MANY
from services.attribution.decisions.actions.replay import check_remembered, replay_all
from services.attribution.decisions.actions.settle import settle
from services.attribution.decisions.domain.friend import LOOKS_SHARED
from services.attribution.orders import sql as orders_sql
from services.kernel.db import Database
from tests.integration.attribution.world import SECRET_KEY, SHOP
from tests.support.attribution import (
    STORE,
    ambassador,
    arrive,
    at,
    cancel,
    code,
    decision_of,
    figures,
    order,
    program,
    pump,
    refund,
    token,
    visit,
)


def bought(count: int, **reported: Any) -> list[OrderReported]:
    """Orders of one customer, a minute apart."""
    return [order(f"o{n:05}", placed_at=at(days=-30) + timedelta(minutes=n), **reported) for n in range(count)]


async def settle_everything(db: Database) -> None:
    async with db.transaction([STORE]) as tx:
        await tx.execute("update orders set settle_at = now() where settle_at is not null and settled_at is null")
        while STORE in await settle(tx, [STORE]):
            pass


async def revisions(db: Database) -> int:
    async with db.transaction([STORE]) as tx:
        return int(await tx.scalar("select count(*) from decisions"))


async def page(http: httpx.AsyncClient, language: str = "en") -> str:
    answer = await http.get("/console/attribution/orders/o00000", headers={**SECRET_KEY, "accept-language": language})
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The orders whose facts were read for decisions."""
    seen: list[str] = []
    of_orders = orders_sql.of_orders

    async def note(tx: Any, orders: Iterable[tuple[str, str]], *, as_of: int) -> Any:
        pairs = list(orders)
        seen.extend(order_id for _, order_id in pairs)
        return await of_orders(tx, pairs, as_of=as_of)

    monkeypatch.setattr(orders_sql, "of_orders", note)
    return seen


@pytest.mark.parametrize("settled", [False, True])
async def test_one_more_order_of_somebody_reads_and_decides_that_order_alone(
    db: Database, read: list[str], settled: bool
) -> None:
    await arrive(db, program(), *bought(60))
    if settled:
        await settle_everything(db)
    before = await revisions(db)
    read.clear()
    await arrive(db, order("next"))
    assert (read, await revisions(db)) == (["next"], before + 1)
    assert (await decision_of(db, "next"))["order_number"] == 61
    async with db.transaction([STORE]) as tx:
        assert all(one.equal for one in await replay_all(tx, STORE, after=("next", 0)))
        assert all(one.equal for one in await check_remembered(tx, STORE))


async def test_marks_among_settled_orders_are_compared_with_the_facts_and_made_anew_when_they_differ(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "level_of", lambda order_id: int(order_id[1:]) % 3)
    monkeypatch.setattr(marks, "DENSE", 2)
    await arrive(db, program(), *bought(20))
    await settle_everything(db)
    # As if a former version had settled some: it knows no marks.
    plant = "update settled_marks set body = (select body from settled_marks limit 1)"
    async with db.transaction([STORE]) as tx:
        assert await tx.scalar("select count(*) from settled_marks") == 19
        assert [one.equal for one in await check_remembered(tx, STORE)] == [True]
        await tx.execute(plant)
        assert [one.equal for one in await check_remembered(tx, STORE)] == [False]
    await arrive(db, order("o99", placed_at=at(days=-30) + timedelta(minutes=12, seconds=1)))
    assert (await decision_of(db, "o99"))["order_number"] == 14
    async with db.transaction([STORE]) as tx:
        assert [one.equal for one in await check_remembered(tx, STORE)] == [True]
        await tx.execute(plant)
        assert [one.equal for one in await check_remembered(tx, STORE)] == [False]
    await arrive(db, cancel("o00005"))
    async with db.transaction([STORE]) as tx:
        assert [one.equal for one in await check_remembered(tx, STORE)] == [True]


async def test_a_click_in_the_browser_of_many_orders_reaches_all_of_them_by_one(db: Database) -> None:
    await arrive(db, program(), ambassador())
    for one in bought(5, visitor="v1"):
        await arrive(db, one)
    async with db.transaction([STORE]) as tx:
        assert [row.order_id for row in await tx.all("select order_id from ties")] == ["o00000"]
        await tx.execute("delete from friends where orders > 0")  # as in data from before it was remembered
    await arrive(db, order("o00005", placed_at=at(days=-29), visitor="v1"), order("o00006", visitor="v2"))
    await arrive(
        db,
        visit(visitor="v1", click=token(when=at(days=-31)), when=at(days=-31)),
        visit("trk_2", visitor="v2", click=token("clk_2", when=at(days=-1)), when=at(days=-1)),
    )
    assert {(await decision_of(db, f"o{n:05}"))["ambassador_id"] for n in range(7)} == {"amb_anna"}
    async with db.transaction([STORE]) as tx:
        assert all(one.equal for one in await replay_all(tx, STORE, after=("", 0)))
        assert all(one.equal for one in await check_remembered(tx, STORE))


async def test_nobody_is_told_of_what_was_imported_and_who_bought_then_is_not_new(db: Database) -> None:
    past = order("past", placed_at=at(days=-90), history=True)
    await arrive(db, program(), ambassador(), code(), past, order("live", codes=["ANNA10"]))
    async with db.transaction([STORE]) as tx:
        await settle(tx, [STORE])
    await arrive(
        db, refund(100, order_id="past"), cancel("past"), order("past", placed_at=at(days=-90), codes=["ANNA10"])
    )
    imported = await decision_of(db, "past")
    assert (imported["status"], imported["settled"] is not None, imported["history"]) == ("unattributed", True, True)
    assert {p.order_id for p in await pump(db) if isinstance(p, Conversion)} == {"live"}
    async with db.transaction([STORE]) as tx:
        assert all(one.equal for one in await replay_all(tx, STORE, after=("", 0)))
        assert all(one.equal for one in await check_remembered(tx, STORE))
    await arrive(db, order("next", placed_at=at(days=1), customer="c2", history=True), order("theirs", customer="c2"))
    assert (await decision_of(db, "next"))["order_number"] == 2


async def test_money_of_a_settled_order_is_its_own_affair_until_it_stands_no_longer(
    db: Database, read: list[str]
) -> None:
    await arrive(db, program(), code(), order("first", codes=["ANNA10"], placed_at=at(days=-3)))
    await settle_everything(db)
    await arrive(db, order("second", placed_at=at(days=-2)))
    read.clear()
    await arrive(db, refund(700, order_id="first"))
    assert read == ["first"]
    assert (await decision_of(db, "first"))["refunded_minor"] == 700
    assert (await decision_of(db, "second"))["winner"]["kind"] == "customer"
    await arrive(db, cancel("first"))
    second = await decision_of(db, "second")
    assert (second["order_number"], second["reason"]) == (1, "no_evidence")


async def test_people_who_turn_out_to_be_one_keep_their_settled_rows_and_count_together(db: Database) -> None:
    await arrive(db, program(), order("1", customer="c1", placed_at=at(days=-4)))
    await arrive(db, order("2", customer=None, contacts=["h1"], placed_at=at(days=-3)))
    await settle_everything(db)
    async with db.transaction([STORE]) as tx:
        before = await tx.all("select order_id, person_id from orders order by 1")
    await arrive(db, order("3", customer="c1", contacts=["h1"]))
    assert (await decision_of(db, "3"))["order_number"] == 3
    async with db.transaction([STORE]) as tx:
        assert (await tx.all("select order_id, person_id from orders order by 1"))[:2] == before
        assert [(one.orders, one.equal) for one in await check_remembered(tx, STORE)] == [(3, True)]


async def test_orders_of_one_person_settle_under_one_name_whatever_customer_ids_they_have(db: Database) -> None:
    """A new account for each order, each with a smaller id, and one phone."""
    await arrive(db, program())
    for number in range(5):
        await arrive(db, order(f"o{number}", customer=f"c{9 - number}", contacts=["h1"], placed_at=at(days=number - 9)))
        await settle_everything(db)
    await arrive(db, order("else", customer="c0", contacts=["h2"]), cancel("o0"))
    await settle_everything(db)
    settled = {one.order_id: one for one in await pump(db) if isinstance(one, Conversion) and one.settled_at}
    assert {one.order_id: (one.friend_id, one.person) for one in settled.values()} == {
        **{f"o{number}": (f"c{9 - number}", "c9") for number in range(5)},
        "else": ("c0", "c0"),
    }
    async with db.transaction([STORE]) as tx:
        assert all(one.equal for one in await check_remembered(tx, STORE))


async def test_an_id_that_everybody_shares_is_told_as_what_it_looks_like(db: Database, http: httpx.AsyncClient) -> None:
    await arrive(db, *bought(LOOKS_SHARED - 1, customer="walk-in", store=SHOP))
    reported = (await http.get("/v1/orders/o00000", headers=SECRET_KEY)).json()
    assert (reported["friend_orders"], reported["friend_looks_shared"]) == (LOOKS_SHARED - 1, False)
    assert "many people share the id" not in await page(http)
    await arrive(db, order("one-more", customer="walk-in", store=SHOP))
    reported = (await http.get("/v1/orders/o00000", headers=SECRET_KEY)).json()
    assert (reported["friend_orders"], reported["friend_looks_shared"]) == (LOOKS_SHARED, True)
    assert f"This customer has {LOOKS_SHARED} orders." in await page(http)
    assert "розничный покупатель" in await page(http, "ru")


async def test_an_order_that_changes_decides_what_was_placed_since_and_nothing_before(
    db: Database, read: list[str]
) -> None:
    """Of somebody with many open orders."""
    reported = bought(MANY + 10, codes=["ANNA10"])
    waiting = reported[-3].model_copy(update={"figures": figures(status="pending")})
    await arrive(db, program(new_customers_only=False), ambassador(), code(), *reported[:-3], waiting, *reported[-2:])
    assert (await decision_of(db, reported[-1].order_id))["order_number"] == MANY + 9
    read.clear()
    await arrive(
        db, order(reported[-3].order_id, placed_at=reported[-3].placed_at, updated_at=at(days=-1), codes=["ANNA10"])
    )
    assert sorted(read) == [one.order_id for one in reported[-3:]]
    numbers = [(await decision_of(db, one.order_id))["order_number"] for one in reported[-3:]]
    assert numbers == [MANY + 8, MANY + 9, MANY + 10]
    await arrive(db, cancel(reported[5].order_id))
    await arrive(db, order("between", placed_at=reported[-2].placed_at - timedelta(seconds=1)))
    assert (await decision_of(db, reported[-1].order_id))["order_number"] == MANY + 10
    async with db.transaction([STORE]) as tx:
        assert all(one.equal for one in await replay_all(tx, STORE, count=1000))
        assert all(one.equal for one in await check_remembered(tx, STORE))
