"""The catalogue over a real PostgreSQL: points, stock and codes move together, or not at all."""

import asyncio
import re
from collections import Counter
from functools import partial
from typing import Any

import httpx

from contracts.events.redemptions import Redemption as RedemptionEvent
from tests.integration.rewards.money import audit, holding
from tests.integration.rewards.spent import POINTS, bought, lots, opened
from tests.integration.rewards.test_payout_pages import portal
from tests.integration.rewards.world import World
from tests.support.busy import answered
from tests.unit.rewards.build import ANNA, PROGRAM, STORE, joined, make_program, published

BAG = {"program_id": PROGRAM, "kind": "goods", "name": "A bag of coffee", "price": 60, "stock": 2}
SAME = {"sec-fetch-site": "same-origin"}


async def rich(world: World, orders: int = 3) -> None:
    """Anna has a hundred points of each order."""
    await opened(world, POINTS)
    await bought(world, *(str(number) for number in range(orders)))


async def added(api: httpx.AsyncClient, **changed: Any) -> str:
    answer = await api.post("/v1/catalogue-items", json=BAG | changed)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def redeemed(api: httpx.AsyncClient, item: str, **changed: Any) -> httpx.Response:
    return await api.post("/v1/redemptions", json={"ambassador_id": ANNA, "item_id": item} | changed)


async def stock_of(api: httpx.AsyncClient, item: str) -> int | None:
    found: int | None = (await api.get(f"/v1/catalogue-items/{item}")).json()["stock"]
    return found


async def available(world: World) -> int:
    return (await holding(world, ANNA, "points")).available


async def test_goods_wait_for_the_store_and_what_is_called_off_gives_all_back(world: World) -> None:
    await rich(world)
    async with world.caller(STORE) as api:
        item = await added(api)
        first = (await redeemed(api, item, price=60)).json()
        assert (first["status"], first["points"], first["code"], first["item_version"]) == ("requested", 60, None, 1)
        assert (await available(world), await stock_of(api, item)) == (240, 1)
        changed = await api.patch(f"/v1/catalogue-items/{item}", json={"price": 90, "name": "A large bag"})
        assert changed.json()["version"] == 2
        kept = (await api.get(f"/v1/redemptions/{first['id']}")).json()
        assert (kept["points"], kept["name"]) == (60, "A bag of coffee")  # it keeps what it cost
        for _ in range(2):
            off = await api.post(f"/v1/redemptions/{first['id']}/cancel", json={"reason": "Broken."})
            assert (off.json()["status"], off.json()["reason"]) == ("cancelled", "Broken.")
        assert (await available(world), await stock_of(api, item)) == (300, 2)
        second = (await redeemed(api, item)).json()
        for _ in range(2):
            assert (await api.post(f"/v1/redemptions/{second['id']}/fulfil")).json()["status"] == "fulfilled"
        late = await api.post(f"/v1/redemptions/{second['id']}/cancel")
        assert (late.status_code, late.json()["code"]) == (409, "redemption_state")
        for _ in range(2):
            back = await api.post(f"/v1/redemptions/{second['id']}/return", json={"restock": False})
            assert back.json()["status"] == "returned"
        assert (await available(world), await stock_of(api, item)) == (300, 1)
        rows = (await api.get("/v1/redemptions", params={"format": "csv"})).text
        assert rows.count("\n") == 3 and "A large bag" in rows
    assert [(one.status, one.revision) for one in await world.emitted(STORE) if isinstance(one, RedemptionEvent)] == [
        ("requested", 1),
        ("cancelled", 2),
        ("requested", 1),
        ("fulfilled", 2),
        ("returned", 3),
    ]
    assert all(reserved == used == 0 for _, _, _, reserved, used, _ in await lots(world))
    assert (await audit(world)).findings == []

    # Their statement says what each was for, as it was called then.
    async with portal(world) as mine, world.caller(STORE) as api:
        page = (await mine.get("/p/statement", params={"unit": "points"})).text
        days = {"from": "2026-11-01", "to": "2026-11-30"}
        lines = (await api.get("/v1/statements", params={"ambassador_id": ANNA, "unit": "points"} | days)).json()
    for text in (
        "Redeemed, A bag of coffee",
        "Redemption cancelled: available again, A bag of coffee",
        "Redeemed, A large bag",
        "Redeemed: sent or done, A large bag",
        "Redemption taken back: available again, A large bag",
    ):
        assert text in page
    spent = [one["redemption_id"] for one in lines["data"] if one["redemption_id"]]
    assert spent == [first["id"]] * 2 + [second["id"]] * 3


async def test_a_coupon_is_given_at_once_and_never_returns_to_its_pool(world: World) -> None:
    await rich(world)
    async with world.caller(STORE) as api:
        pool = (await api.post("/v1/pools", json={"name": "Coffee"})).json()["id"]
        await api.post(f"/v1/pools/{pool}/codes", json={"csv": "ONE\nTWO"})
        item = await added(api, kind="discount", stock=None, pool_id=pool)
        key = {"idempotency-key": "one"}
        wanted = {"ambassador_id": ANNA, "item_id": item}
        first, again = [await api.post("/v1/redemptions", json=wanted, headers=key) for _ in range(2)]
        assert first.json() == again.json()
        assert (first.json()["status"], first.json()["code"]) == ("fulfilled", "ONE")
        back = await api.post(f"/v1/redemptions/{first.json()['id']}/return")
        assert (back.json()["status"], back.json()["code"]) == ("returned", "ONE")
        assert (await redeemed(api, item)).json()["code"] == "TWO"
        none = (await redeemed(api, item)).json()
        assert (none["code"], none["why"]) == ("item_unavailable", "out_of_stock")
        assert (await api.get(f"/v1/pools/{pool}")).json()["handed_out"] == 2
    assert await available(world) == 240
    assert (await audit(world)).findings == []


async def test_of_many_at_once_as_many_are_served_as_there_is_stock_and_points(world: World) -> None:
    await rich(world, orders=1)
    async with world.caller(STORE) as api:
        item, other = await added(api, price=10, stock=3), await added(api, price=20, stock=50)
        answers = await asyncio.gather(*(answered(partial(redeemed, api, one)) for one in [item, other] * 12))
        codes = Counter(one.json().get("code") or "served" for one in answers)
        assert codes.keys() <= {"served", "item_unavailable", "not_enough"}
        of_item = sum(one.json()["item_id"] == item for one in answers if one.status_code == 201)
        of_other = codes["served"] - of_item
        assert await stock_of(api, item) == 3 - of_item >= 0
        assert await stock_of(api, other) == 50 - of_other
        assert await available(world) == 100 - 10 * of_item - 20 * of_other
        assert await available(world) < 20
    assert (await audit(world)).findings == []


async def test_a_tier_has_its_own_price_and_what_was_shown_is_what_is_paid(world: World) -> None:
    tiers = {"of": "orders", "steps": [{"name": "Bronze", "at": 0}, {"name": "Gold", "at": 50}]}
    program = make_program(POINTS).model_copy(update={"tiers": None})
    program = type(program).model_validate(program.model_dump(by_alias=True) | {"tiers": tiers})
    await opened(world, POINTS)
    await world.take(published(program, version=2))
    await bought(world, "1")
    async with world.caller(STORE) as api:
        strange = await api.post("/v1/catalogue-items", json=BAG | {"tier_prices": {"Tin": 5}})
        assert strange.json()["errors"][0]["field"] == "tier_prices.Tin"
        item = await added(api, tier_prices={"Bronze": 40, "Gold": 20})
        other = (await redeemed(api, item, price=60)).json()
        assert (other["code"], other["price"]) == ("price_changed", "40")
        one = (await redeemed(api, item, price=40)).json()
        assert (one["points"], one["tier"]) == (40, "Bronze")


async def test_what_is_wrong_is_said_and_nothing_moves(world: World) -> None:
    await rich(world, orders=1)
    await world.take(joined("amb_blocked", status="blocked"))
    async with world.caller(STORE) as api:
        for wrong, field in (
            ({"program_id": "prg_none"}, "program_id"),
            ({"pool_id": "pol_none", "stock": None}, "pool_id"),
            ({"price": 0}, "price"),
            ({"from": "2026-12-02T00:00:00Z", "until": "2026-12-01T00:00:00Z"}, "until"),
        ):
            refused = await api.post("/v1/catalogue-items", json=BAG | wrong)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), wrong
        dear, paused = await added(api, price=101), await added(api, status="paused")
        later = await added(api, **{"from": "2099-01-01T00:00:00Z"})
        assert (await redeemed(api, dear)).json()["spendable"] == "100"
        assert (await redeemed(api, paused)).json()["why"] == "paused"
        assert (await redeemed(api, later)).json()["why"] == "too_early"
        assert (await redeemed(api, dear, ambassador_id="amb_none")).json()["code"] == "ambassador_not_found"
        assert (await redeemed(api, dear, ambassador_id="amb_blocked")).json()["code"] == "ambassador_blocked"
        assert (await redeemed(api, "itm_none")).json()["code"] == "item_not_found"
        assert (await api.get("/v1/redemptions")).json()["data"] == []
        assert (await api.get("/v1/redemptions/rdm_none")).status_code == 404
    async with world.caller("str_other") as stranger:
        assert (await stranger.get(f"/v1/catalogue-items/{dear}")).status_code == 404
        assert (await redeemed(stranger, dear)).status_code == 404
    assert await available(world) == 100


async def test_an_ambassador_redeems_on_their_page_once_and_calls_off(world: World) -> None:
    await rich(world, orders=1)
    async with world.caller(STORE) as api:
        item = await added(api, description="Freshly <roasted>.")
        await added(api, name="A grinder", price=500)
    async with portal(world) as mine, world.browser(STORE) as staff:
        assert "/p/catalogue" in (await mine.get("/p/balance")).text
        shown = (await mine.get("/p/catalogue")).text
        assert "100 points" in shown and "Freshly &lt;roasted&gt;." in shown and "400 points to go" in shown
        page = await mine.get(f"/p/catalogue/{item}")
        fields = dict(re.findall(r'name="(price|once)" value="(\w+)"', page.text))
        assert fields["price"] == "60" and "Left then" in page.text
        for _ in range(2):
            done = await mine.post(f"/p/catalogue/{item}", data=fields, headers=SAME)
            assert done.status_code == 303
        assert await available(world) == 40
        stale = await mine.post(f"/p/catalogue/{item}", data={"price": "10", "once": "b"}, headers=SAME)
        assert stale.status_code == 409 and "The price has changed" in stale.text
        history = (await mine.get("/p/catalogue")).text
        (off,) = re.findall(r'action="(/p/catalogue/redemptions/\w+/cancel)"', history)
        redemption = off.split("/")[-2]
        assert (await mine.post(off, headers=SAME)).status_code == 303
        assert await available(world) == 100
        queue = (await staff.get("/console/rewards/redemptions")).text
        assert "A bag of coffee" in queue and redemption in queue
        assert len(history.encode()) < 50_000
    noted = await world.look(STORE, "select action, actor_kind from audit where action like 'redemption%' order by at")
    assert [tuple(one) for one in noted] == [
        ("redemption.requested", "ambassador"),
        ("redemption.cancelled", "ambassador"),
    ]


async def test_the_console_adds_changes_and_sees_to_what_waits(world: World) -> None:
    await rich(world)
    form = {
        "name": "Coffee <5>",
        "kind": "service",
        "price": "60",
        "stock": "2",
        "status": "active",
        "program": PROGRAM,
    }
    async with world.caller(STORE) as api, world.browser(STORE) as page:
        add = "/console/rewards/catalogue"
        list_ = f"{add}?program={PROGRAM}"
        assert "Nothing in it yet" in (await page.get(list_)).text
        wrong = await page.post(add, data=form | {"price": "much"}, headers=SAME)
        assert wrong.status_code == 422 and "above zero" in wrong.text and "Coffee &lt;5&gt;" in wrong.text
        assert (await page.post(add, data=form | {"until": "2099-12-31"}, headers=SAME)).status_code == 303
        (found,) = (await api.get("/v1/catalogue-items")).json()["data"]
        assert (found["stock"], found["kind"], found["until"]) == (2, "service", "2100-01-01T00:00:00Z")
        one = (await redeemed(api, found["id"])).json()
        place = f"/console/rewards/catalogue/{found['id']}"
        assert 'value="2099-12-31"' in (await page.get(place)).text
        # The form was opened before that redemption: a stock that it left alone is not put back.
        again = form | {"price": "70", "stock": "2", "stock_was": "2"}
        assert (await page.post(place, data=again, headers=SAME)).status_code == 303
        assert (await api.get(f"/v1/catalogue-items/{found['id']}")).json()["stock"] == 1
        assert "1 redemption waits" in (await page.get(list_)).text
        waits = f"/console/rewards/redemptions/{one['id']}"
        assert "Its life" in (await page.get(waits)).text
        assert (await page.post(f"{waits}/fulfil", headers=SAME)).status_code == 303
        late = await page.post(f"{waits}/cancel", data={"reason": "x"}, headers=SAME)
        assert late.status_code == 409 and "It has moved on meanwhile." in late.text
        sent = {"restock": "1", "reason": "Came back <broken>."}
        assert (await page.post(f"{waits}/return", data=sent, headers=SAME)).status_code == 303
        assert "Came back &lt;broken&gt;." in (await page.get(waits)).text
        assert (await api.get(f"/v1/catalogue-items/{found['id']}")).json()["stock"] == 2
        other = (await redeemed(api, found["id"])).json()
        off = f"/console/rewards/redemptions/{other['id']}/cancel"
        assert (await page.post(off, headers=SAME)).status_code == 303
    await world.take(joined(ANNA, status="erased", revision=2))
    async with world.caller(STORE) as api:
        assert (await api.get(f"/v1/redemptions/{one['id']}")).json()["reason"] is None
