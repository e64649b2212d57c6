"""Promo codes in a WooCommerce shop: put there, changed and ended there, told of, whatever the shop does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from contracts.events import Payload
from contracts.gifts import Fixed
from contracts.program import Discount, Percent
from services.connectors.store_codes.actions import turns
from services.connectors.store_codes.actions.carry import TASK
from services.kernel import failpoints
from tests.integration.attribution.world import SHOP
from tests.integration.connectors.test_connections import connect
from tests.support.attribution import ahead, ambassador, code
from tests.support.carrying import OWNER, Carrying, promising
from tests.support.connectors import SECRET, Pair
from tests.support.wait import until
from tests.support.woo_shop import KEY as WOO_KEY
from tests.support.woo_shop import SECRET as WOO_SECRET
from tests.support.woo_shop import Door, Fault, WooShop, woo_shop

HOST = "shop.example"
ACCESS = {"host": HOST, "access": {"user": WOO_KEY, "password": WOO_SECRET}}


@dataclass
class Woo(Carrying):
    """A connection with a WooCommerce shop."""

    shop: WooShop


@pytest.fixture
async def carrying(both: Pair) -> AsyncIterator[Woo]:
    async with woo_shop() as shop:
        connection = await connect(both.http, "woocommerce", secret=SECRET)
        yield Woo(both, Door({HOST: shop.url}), connection["id"], shop)


async def test_codes_wait_for_access_and_are_then_coupons_with_the_programs_discount(carrying: Woo) -> None:
    until_ = ahead(days=90)
    await carrying.arrive(
        promising(min_subtotal_minor=900),
        ambassador(store=SHOP),
        code(store=SHOP),
        code("BORIS-10", store=SHOP, max_uses=5, expires_at=until_),
    )
    async with carrying.working():
        assert (await carrying.codes())["on"] is False
        assert (await carrying.patch(codes=True))["codes"]["on"] is True
        await carrying.until(waiting=2, problem="no_access")
        assert carrying.shop.calls == [], "without access nobody is asked"
        await carrying.patch(**ACCESS)
        await carrying.until(waiting=0, in_store=2, problem=None)
    anna, boris = carrying.shop.of("ANNA10")[0], carrying.shop.of("boris-10")[0]
    assert anna["code"] == "anna10"
    assert (anna["discount_type"], anna["amount"], anna["usage_limit_per_user"]) == ("percent", "10.00", 1)
    assert (anna["minimum_amount"], anna["individual_use"], anna["date_expires"]) == ("10.00", True, None)
    assert anna["usage_limit"] is None
    assert boris["usage_limit"] == 5
    assert boris["date_expires"] == until_.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [(one["code"], one["state"]) for one in await carrying.listed(state="in_store")] == [
        ("BORIS-10", "in_store"),
        ("ANNA10", "in_store"),
    ]
    assert await carrying.states("cod_anna10") == ["waiting", "in_store"]
    assert await carrying.carried() == [True]
    assert Counter(carrying.shop.calls) == {
        "GET /wp-json/wc/v3/data/currencies/current": 1,
        "POST /wp-json/wc/v3/coupons/batch": 1,
    }


async def ready(carrying: Woo, *payloads: Payload) -> None:
    """Carries these codes, with access."""
    await carrying.arrive(promising(), ambassador(store=SHOP), *payloads)
    await carrying.patch(**ACCESS, codes=True)


async def test_a_code_that_changed_is_compared_alone(carrying: Woo) -> None:
    await ready(carrying, code(store=SHOP), code("BORIS", store=SHOP), code("CLARA", ambassador_id="amb_c", store=SHOP))
    async with carrying.working():
        await carrying.until(in_store=3)
        await carrying.rested()
    blocked = ambassador("amb_c", revision=2, status="blocked", store=SHOP)
    await carrying.arrive(code("BORIS", revision=2, max_uses=7, store=SHOP), blocked)
    await carrying.arrive(code("BORIS", revision=2, max_uses=7, store=SHOP))
    async with carrying.both.db.transaction([SHOP]) as tx:
        assert await tx.scalar("select sweep from code_carriers") is None
        assert [row.code_id for row in await tx.all("select code_id from changed_codes order by 1")] == [
            "cod_boris",
            "cod_clara",
        ]
    async with carrying.working():
        await carrying.until(waiting=0, in_store=2, disabled=1)
        await carrying.rested()
    assert carrying.shop.of("boris")[0]["usage_limit"] == 7
    async with carrying.both.db.transaction([SHOP]) as tx:
        assert await tx.scalar("select count(*) from changed_codes") == 0


async def test_changed_terms_and_ended_codes_follow_and_nothing_is_ever_deleted(carrying: Woo) -> None:
    await ready(carrying, code(store=SHOP), code("BORIS", store=SHOP), code("CLARA", ambassador_id="amb_c", store=SHOP))
    async with carrying.working():
        await carrying.until(in_store=3)
        again = promising(Discount(give=Fixed(kind="fixed", amount_minor=750), which="every"), version=2)
        await carrying.arrive(again, code("BORIS", revision=2, retired=True, store=SHOP))
        await carrying.until(waiting=0, in_store=2, disabled=1)
        anna, boris = carrying.shop.of("anna10")[0], carrying.shop.of("boris")[0]
        assert (anna["discount_type"], anna["amount"], anna["usage_limit_per_user"]) == ("fixed_cart", "7.50", None)
        assert boris["date_expires"] == "2001-01-01T00:00:00Z"
        blocked = ambassador("amb_c", revision=2, status="blocked", store=SHOP)
        await carrying.arrive(blocked, code("DORA", store=SHOP, retired=True))
        await carrying.until(waiting=0, in_store=1, disabled=2)
        # A version that promises the same changes nothing in the shop.
        calls = carrying.shop.written()
        await carrying.arrive(again.model_copy(update={"version": 3}))
        await carrying.rested()
        assert carrying.shop.written() == calls
        await carrying.arrive(promising(None, version=4))
        await carrying.until(waiting=0, in_store=0, disabled=3)
        await carrying.arrive(promising(version=5), code("BORIS", revision=3, store=SHOP))
        await carrying.until(waiting=0, in_store=2, disabled=1)
    assert len(carrying.shop.coupons) == 3
    assert carrying.shop.of("boris")[0]["date_expires"] is None
    assert not any(call.startswith("DELETE") for call in carrying.shop.calls)
    assert (await carrying.states("cod_boris"))[-3:] == ["disabled", "waiting", "in_store"]


async def test_a_worker_that_is_killed_between_call_and_note_makes_no_second_coupon(carrying: Woo) -> None:
    await ready(carrying, *(code(f"CODE{number}", store=SHOP) for number in range(12)))
    failpoints.configure("work.before_note=raise")
    try:
        async with carrying.working():
            await until(lambda: len(carrying.shop.coupons) == 12, what="the shop has made them")
    finally:
        failpoints.configure("")
    assert (await carrying.codes())["in_store"] == 0, "nobody noted it"
    carrying.shop.calls.clear()
    await carrying.hasten()
    async with carrying.working():
        await carrying.until(waiting=0, in_store=12)
    assert len(carrying.shop.coupons) == 12
    assert carrying.shop.calls[:10] == ["GET /wp-json/wc/v3/coupons"] * 10, "they are looked up before all else"


@pytest.mark.parametrize("status", [500, 504])
async def test_an_answer_that_is_lost_makes_no_second_coupon(carrying: Woo, status: int) -> None:
    await ready(carrying, code(store=SHOP), code("BORIS", store=SHOP))
    carrying.shop.faults = [Fault(status, after=True)]
    async with carrying.working():
        await carrying.until(problem=f"http_{status}", waiting=2)
        await carrying.hasten()
        await carrying.until(waiting=0, in_store=2, problem=None)
    assert [len(carrying.shop.of(text)) for text in ("anna10", "boris")] == [1, 1]


async def test_a_shop_that_never_ends_what_it_writes_is_left_in_peace_for_longer_each_time(carrying: Woo) -> None:
    await ready(carrying, code(store=SHOP))
    carrying.shop.faults = [Fault(500, after=True) for _ in range(3)]
    held: list[timedelta] = []

    async def rest() -> timedelta:
        """For how long, once the shop was asked as often as this."""
        async with carrying.both.db.transaction([SHOP]) as tx:
            found: timedelta | None = await tx.scalar("select max(held_until) - now() from work_lanes")
        return found or timedelta() if carrying.shop.written() == len(held) + 1 else timedelta()

    async with carrying.working():
        for _ in range(3):
            held.append(await until(rest, within=60, what="the shop is left in peace"))
            await carrying.hasten()
        await carrying.until(waiting=0, in_store=1)
    assert held[0] < timedelta(seconds=10)
    assert timedelta(seconds=20) < held[1] < timedelta(seconds=31)
    assert timedelta(seconds=90) < held[2] < timedelta(seconds=121)


async def test_a_shop_that_asks_to_wait_is_left_alone_and_loses_nothing(carrying: Woo) -> None:
    await ready(carrying, code(store=SHOP))
    carrying.shop.faults = [Fault(429, retry_after="600"), Fault(503)]
    async with carrying.working():
        await carrying.until(problem="http_429", waiting=1)
        async with carrying.both.db.transaction([SHOP]) as tx:
            held = await tx.scalar("select held_until - now() from work_lanes where kind = 'store-codes'")
        assert timedelta(seconds=500) < held < timedelta(seconds=601)
        await carrying.hasten()
        await carrying.until(problem="http_503")
        await carrying.hasten()
        await carrying.until(waiting=0, in_store=1, problem=None)


async def test_thousands_of_codes_take_bounded_calls(carrying: Woo) -> None:
    await ready(carrying)
    async with carrying.working():
        for start in range(0, 3000, 500):
            await carrying.arrive(*(code(f"C{number}", store=SHOP) for number in range(start, start + 500)))
        await carrying.until(waiting=0, in_store=3000)
    assert len(carrying.shop.coupons) == 3000
    assert carrying.shop.written() <= 3000 / 50 + 10
    assert carrying.shop.written() == len(carrying.shop.calls)


async def test_a_code_that_the_shop_has_is_refused_with_what_holds_it_until_its_owner_frees_it(
    carrying: Woo,
) -> None:
    number = carrying.shop.add("ANNA10")
    carrying.shop.refuse = {"boris": "woocommerce_rest_cannot_create"}
    await ready(carrying, code(store=SHOP), code("BORIS", store=SHOP), code("CLARA", store=SHOP))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=1, refused=2)
        refused = {one["code"]: (one["reason"], one["holder"]) for one in await carrying.listed(state="refused")}
        assert refused == {
            "ANNA10": ("taken", f"coupon {number}, 2025-03-21"),
            "BORIS": ("woocommerce_rest_cannot_create", None),
        }
        assert carrying.shop.coupons[number]["amount"] == "5.00", "somebody else's coupon is left alone"
        del carrying.shop.coupons[number]
        carrying.shop.refuse = {}
        again = await carrying.both.http.post(f"/v1/connections/{carrying.id}/codes/retry", headers=OWNER)
        assert (again.status_code, again.json()) == (202, {"codes": 2})
        await carrying.until(waiting=0, in_store=3, refused=0)
    assert await carrying.states("cod_anna10") == ["waiting", "refused", "waiting", "in_store"]


async def test_a_coupon_that_was_deleted_in_the_shop_is_made_anew_with_the_next_change(carrying: Woo) -> None:
    await ready(carrying, code(store=SHOP))
    async with carrying.working():
        await carrying.until(in_store=1)
        carrying.shop.coupons.clear()
        await carrying.arrive(promising(Discount(give=Percent(kind="percent", basis_points=1250)), version=2))
        await carrying.rested()
        assert (await carrying.codes())["in_store"] == 1
    assert carrying.shop.of("anna10")[0]["amount"] == "12.50"


async def test_an_amount_in_another_currency_is_not_taken_off(carrying: Woo) -> None:
    carrying.shop.currency = "RUB"
    await ready(carrying, code(store=SHOP))
    async with carrying.working():
        await carrying.until(in_store=1)
        await carrying.arrive(promising(Discount(give=Fixed(kind="fixed", amount_minor=500)), version=2))
        await carrying.until(waiting=0, refused=1)
    assert [(one["reason"], one["holder"]) for one in await carrying.listed()] == [("currency", "RUB")]
    assert carrying.shop.of("anna10")[0]["date_expires"] == "2001-01-01T00:00:00Z"


async def test_another_host_is_another_shop_and_one_that_is_off_is_left_as_it_is(carrying: Woo) -> None:
    await ready(carrying, code(store=SHOP))
    async with woo_shop() as other, carrying.working():
        carrying.door.hosts = {HOST: carrying.shop.url, "other.example": other.url}
        await carrying.until(in_store=1)
        await carrying.patch(host="other.example")
        await carrying.until(waiting=1, in_store=0, problem="no_access")
        await carrying.patch(access=ACCESS["access"])
        await carrying.until(waiting=0, in_store=1)
        assert len(other.of("anna10")) == 1
        await carrying.patch(codes=False)
        await carrying.arrive(code(revision=2, retired=True, store=SHOP))
        await carrying.rested()
        assert other.of("anna10")[0]["date_expires"] is None
        await carrying.patch(codes=True)
        await carrying.until(waiting=0, disabled=1)
        await carrying.both.http.delete(f"/v1/connections/{carrying.id}", headers=OWNER)
    assert await carrying.carried() == [True, False, True, False]


async def test_what_the_former_shop_answers_late_says_nothing_of_the_new_one(carrying: Woo) -> None:
    await ready(carrying, code(store=SHOP))
    carrying.shop.gate = asyncio.Event()
    async with woo_shop() as other, carrying.working():
        carrying.door.hosts = {HOST: carrying.shop.url, "other.example": other.url}
        await until(lambda: len(carrying.shop.coupons) == 1, what="the former shop was asked")
        await carrying.patch(host="other.example", access=ACCESS["access"])
        carrying.shop.gate.set()
        await carrying.until(waiting=0, in_store=1)
        assert len(other.of("anna10")) == 1


def once_before(monkeypatch: pytest.MonkeyPatch, name: str, happens: Callable[[], Awaitable[object]]) -> None:
    """Has something happen right before a turn does this for the first time."""
    goes_on = getattr(turns, name)
    left = [happens]

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        if left:
            await left.pop()()
        return await goes_on(*args, **kwargs)

    monkeypatch.setattr(turns, name, wrapped)


async def test_a_turn_that_read_the_former_shops_access_asks_it_nothing_of_the_new_one(
    carrying: Woo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(carrying, code(store=SHOP))
    async with woo_shop() as other:
        carrying.door.hosts = {HOST: carrying.shop.url, "other.example": other.url}
        moves = {"host": "other.example", "access": ACCESS["access"]}
        once_before(monkeypatch, "begin", lambda: carrying.patch(**moves))
        async with carrying.working():
            await carrying.until(waiting=0, in_store=1)
            await carrying.rested()
    assert (len(carrying.shop.of("anna10")), len(other.of("anna10"))) == (0, 1)


async def test_access_that_comes_while_the_former_one_is_refused_is_tried_at_once(
    carrying: Woo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await carrying.arrive(promising(), ambassador(store=SHOP), code(store=SHOP))
    await carrying.patch(host=HOST, access={"user": "ck_of_before", "password": "cs_of_before"}, codes=True)
    once_before(monkeypatch, "break_off", lambda: carrying.patch(access=ACCESS["access"]))
    async with carrying.working():
        await carrying.until(waiting=0, in_store=1, problem=None)


@pytest.mark.parametrize("answered", [200, 503])
async def test_a_turn_that_comes_back_after_its_connection_ended_says_nothing(carrying: Woo, answered: int) -> None:
    await ready(carrying, code(store=SHOP))
    carrying.shop.gate = asyncio.Event()
    carrying.shop.faults = [Fault(answered, after=True)] if answered != 200 else []
    async with carrying.working():
        await until(lambda: "POST /wp-json/wc/v3/coupons/batch" in carrying.shop.calls, what="the shop was asked")
        await carrying.both.http.delete(f"/v1/connections/{carrying.id}", headers=OWNER)
        carrying.shop.gate.set()
        await until(lambda: _no_task_waits(carrying), what="the task has ended")
    async with carrying.both.db.transaction([SHOP]) as tx:
        assert await tx.scalar("select count(*) from store_codes where state = 'in_store'") == 0
        assert await tx.scalar("select problem from code_carriers") is None
    assert await carrying.carried() == [True, False]


async def _no_task_waits(carrying: Woo) -> bool:
    async with carrying.both.db.transaction([SHOP]) as tx:
        waiting = "select count(*) from work_tasks where state = 'waiting' and kind = :kind"
        return not await tx.scalar(waiting, kind=TASK)


async def test_access_that_comes_while_a_turn_finds_none_is_used(
    carrying: Woo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await carrying.arrive(promising(), ambassador(store=SHOP), code(store=SHOP))
    await carrying.patch(host=HOST, codes=True)
    once_before(monkeypatch, "compare", lambda: carrying.patch(access=ACCESS["access"]))
    async with carrying.working():
        await carrying.rested()
    assert (await carrying.codes())["in_store"] == 1


async def test_only_platforms_that_take_codes_carry_them(carrying: Woo) -> None:
    tilda = await connect(carrying.both.http, "generic", order_prefix="b-")
    assert tilda["codes"] is None
    path = f"/v1/connections/{tilda['id']}"
    refused = await carrying.both.http.patch(path, headers=OWNER, json={"codes": True})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "codes")
    nobody = await carrying.both.http.get("/v1/connections/con_nobody/codes", headers=OWNER)
    assert nobody.status_code == 404
