"""Store credit at the checkout, over HTTP as a store's server speaks it."""

import asyncio
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import httpx

from tests.integration.rewards.money import audit
from tests.integration.rewards.spent import CREDIT, POINTS, bought, lots, opened, run_jobs, time_passes
from tests.integration.rewards.world import World
from tests.support.busy import answered
from tests.support.explained import Explained
from tests.unit.rewards.build import ANNA, STORE, make_state

CART = {"customer_id": "mia", "unit": "EUR", "order_id": "cart-1"}


async def reserve(api: httpx.AsyncClient, amount: int, **changed: Any) -> httpx.Response:
    return await api.post("/v1/credit-reservations", json=CART | {"amount": amount} | changed)


async def test_a_customer_pays_with_credit_and_what_the_order_takes_less_is_available_again(world: World) -> None:
    await opened(world, CREDIT, POINTS)
    await bought(world, "1", "2", "3", friend_id="mia")
    async with world.caller(STORE) as api:
        made = await reserve(api, 250)
        one = made.json()
        assert (made.status_code, one["status"], one["kind"], one["customer_id"]) == (
            201,
            "reserved",
            "store_credit",
            "mia",
        )
        again = (await reserve(api, 250)).json()
        assert again == one | {"expires_at": again["expires_at"]}
        assert (await reserve(api, 200)).json()["code"] == "already_reserved"
        short = (await reserve(api, 60, order_id="cart-2")).json()
        assert (short["code"], short["spendable"]) == ("not_enough", "50")

        path = f"/v1/credit-reservations/{one['id']}"
        paid = await api.post(f"{path}/capture", json={"amount": 240})
        assert (paid.status_code, paid.json()["captured"]) == (200, 240)
        assert (await api.post(f"{path}/release")).json()["code"] == "already_captured"
        assert (await api.get(path)).json() == paid.json()
        (listed,) = (await api.get("/v1/credit-reservations", params={"order_id": "cart-1"})).json()["data"]
        assert listed == paid.json()
        assert (await api.get("/v1/credit-reservations", params={"ambassador_id": ANNA})).json()["data"] == []
        (balance,) = (await api.get("/v1/balances", params={"friend_id": "mia"})).json()["data"]
        assert (balance["lifetime"], balance["available"], balance["reserved"], balance["used"]) == (300, 60, 0, 240)
        mine = await reserve(api, 300, customer_id=None, ambassador_id=ANNA, unit="points", order_id="cart-3")
        assert (mine.status_code, mine.json()["kind"]) == (201, "points")
    assert (await audit(world)).findings == []


async def test_a_reservation_that_nobody_captures_is_released_by_itself(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", friend_id="mia")
    async with world.caller(STORE) as api:
        one = (await reserve(api, 100, expires_in_seconds=600)).json()
        await time_passes(world, timedelta(seconds=500))
        assert (await api.get(f"/v1/credit-reservations/{one['id']}")).json()["status"] == "reserved"
        await time_passes(world, timedelta(seconds=200))
        assert (await api.get(f"/v1/credit-reservations/{one['id']}")).json()["status"] == "released"
        late = await api.post(f"/v1/credit-reservations/{one['id']}/capture")
        assert (late.status_code, late.json()["code"]) == (409, "released")
        again = await reserve(api, 100)
        assert (again.status_code, again.json()["id"] == one["id"]) == (201, False)
        # The first is over for good: by its id nothing of the second is touched.
        assert (await api.post(f"/v1/credit-reservations/{one['id']}/capture")).status_code == 409
    assert await lots(world) == [(100, 0, 0, 100, 0, 0)]


async def test_only_who_has_signed_in_spends_and_only_keys_that_may(world: World) -> None:
    await opened(world, CREDIT)
    contact = "e_" + "0a" * 16
    await bought(world, "1", friend_id=contact)
    await bought(world, "77", friend_id="77")  # a guest without any name
    async with world.caller(STORE) as api:
        for name in (contact, "mia@example.com", "+40700000000", "guest"):
            refused = (await reserve(api, 1, customer_id=name)).json()
            assert refused["errors"][0]["code"] == "no_customer_id", name
        assert (await reserve(api, 1, customer_id="77")).json()["code"] == "ambiguous"
        assert (await reserve(api, 1, ambassador_id=ANNA)).json()["errors"][0]["code"] == "missing"
        assert (await api.post("/v1/credit-reservations/spd_none/capture")).status_code == 404
    async with world.caller(STORE, "rewards:read", "rewards:write") as api:
        assert (await reserve(api, 1)).status_code == 403


async def test_of_two_hundred_at_once_as_many_are_served_as_there_is_credit(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", friend_id="mia")
    async with world.caller(STORE) as api:
        asked = [partial(reserve, api, 3, order_id=f"cart-{n % 100}") for n in range(200)]
        answers = await asyncio.gather(*(answered(ask) for ask in asked))
        assert Counter(one.status_code for one in answers if one.status_code != 201).keys() <= {409}
        served = {one.json()["id"] for one in answers if one.status_code == 201}
        assert len(served) == 33
        ends = await asyncio.gather(
            *(
                answered(partial(api.post, f"/v1/credit-reservations/{one}/{end}"))
                for one in sorted(served)[:20]
                for end in ("capture", "release")
            )
        )
        assert Counter(one.status_code for one in ends) == {200: 20, 409: 20}
    await run_jobs(world)
    ((granted, _, _, reserved, used, left),) = await lots(world)
    assert (granted, reserved) == (100, 39) and used + left == 61 and used % 3 == 0
    assert (await audit(world)).findings == []


async def test_pages_say_what_is_reserved_and_spent(world: World) -> None:
    await opened(world)
    await bought(world, "1")
    async with world.caller(STORE) as api, world.browser(STORE) as console:
        body = {"customer_id": None, "ambassador_id": ANNA, "unit": "points"}
        await reserve(api, 30, order_id="cart-1", **body)
        one = (await reserve(api, 20, order_id="cart-2", **body)).json()
        await api.post(f"/v1/credit-reservations/{one['id']}/capture")
        text = " ".join((await console.get(f"/console/rewards/balances/{ANNA}")).text.split())
        assert "Reserved" in text and "Spent" in text
        params = {"ambassador_id": ANNA, "unit": "points", "from": "2026-11-01", "to": "2027-10-31"}
        statement = (await api.get("/v1/statements", params=params)).json()
        assert [(line["movement"], line["amount"]) for line in statement["data"]][-3:] == [
            ("set_aside", 0),
            ("set_aside", 0),
            ("use", -20),
        ]
        assert statement["closing"] == {"pending": 0, "available": 50, "in_payout": 0, "reserved": 30, "balance": 80}
        page = await console.get(f"/console/rewards/statements/{ANNA}", params={"unit": "points"} | params)
        assert "Reserved for a purchase" in page.text


async def test_a_refund_returns_its_share_of_the_credit_whichever_is_reported_first(world: World) -> None:
    """10482 is refunded in part, then in whole; 10483 was refunded before its credit was captured."""
    await opened(world, CREDIT)
    await bought(world, "1", "2", "3", friend_id="mia")
    money = {"total_minor": 4600, "subtotal_minor": 4600, "friend_id": "mia", "status": "unattributed"}
    async with world.caller(STORE) as api:
        one = (await reserve(api, 100, order_id=None, cart_id="cart-1")).json()
        path = f"/v1/credit-reservations/{one['id']}"
        named = (await api.post(f"{path}/capture", json={"order_id": "10482"})).json()
        assert (named["order_id"], named["captured"], named["given_back"]) == ("10482", 100, 0)

        taken = (await reserve(api, 10, order_id="cart-9")).json()
        clash = await api.post(f"/v1/credit-reservations/{taken['id']}/capture", json={"order_id": "10482"})
        assert clash.json()["code"] == "already_reserved"

        for revision, refunded, back in ((2, 1150, 25), (3, 1150, 25), (4, 690, 25), (5, 4600, 100)):
            await world.take(make_state("10482", revision=revision, refunded_minor=refunded, **money))
            assert (await api.get(path)).json()["given_back"] == back

        await world.take(make_state("10483", cancelled=True, **money))
        late = (await reserve(api, 60, order_id="10483")).json()
        done = (await api.post(f"/v1/credit-reservations/{late['id']}/capture")).json()
        assert (done["captured"], done["given_back"]) == (60, 60)
    await run_jobs(world)
    assert await lots(world) == [(300, 0, 0, 10, 0, 290)]
    assert (await audit(world)).findings == []


async def test_an_order_that_is_paid_again_after_it_went_back_pays_again(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", "2", "3", friend_id="mia")
    money = {"total_minor": 4600, "subtotal_minor": 4600, "friend_id": "mia", "status": "unattributed"}
    async with world.caller(STORE) as api:
        first = (await reserve(api, 250, order_id="10482")).json()
        await api.post(f"/v1/credit-reservations/{first['id']}/capture")
        late = await reserve(api, 250, order_id="10482")
        assert (late.status_code, late.json()["code"]) == (409, "already_captured")

        await world.take(make_state("10482", revision=2, cancelled=True, **money))
        assert await lots(world) == [(300, 0, 0, 0, 0, 300)]
        await world.take(make_state("10482", revision=3, **money))
        second = (await reserve(api, 200, order_id="10482")).json()
        assert (second["status"], second["id"] == first["id"]) == ("reserved", False)
        done = (await api.post(f"/v1/credit-reservations/{second['id']}/capture")).json()
        assert (done["captured"], done["given_back"]) == (200, 0)
        await world.take(make_state("10482", revision=4, refunded_minor=2300, **money))
        assert (await api.get(f"/v1/credit-reservations/{second['id']}")).json()["given_back"] == 100
    assert await lots(world) == [(300, 0, 0, 0, 100, 200)]
    assert (await audit(world)).findings == []


async def test_a_cart_and_an_order_of_the_same_id_are_not_the_same(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", friend_id="mia")
    money = {"total_minor": 4600, "subtotal_minor": 4600, "friend_id": "mia", "status": "unattributed"}
    async with world.caller(STORE) as api:
        order = (await reserve(api, 60, order_id="500")).json()
        await api.post(f"/v1/credit-reservations/{order['id']}/capture")
        cart = (await reserve(api, 30, order_id=None, cart_id="500")).json()
        assert (cart["status"], cart["order_id"], cart["cart_id"]) == ("reserved", None, "500")
        found = {
            name: [one["id"] for one in (await api.get("/v1/credit-reservations", params={name: "500"})).json()["data"]]
            for name in ("order_id", "cart_id")
        }
        assert found == {"order_id": [order["id"]], "cart_id": [cart["id"]]}

        path = f"/v1/credit-reservations/{cart['id']}/capture"
        assert (await api.post(path)).json()["errors"][0]["field"] == "order_id"
        done = (await api.post(path, json={"order_id": "501"})).json()
        assert (done["order_id"], done["cart_id"], done["captured"]) == ("501", None, 30)
        assert (await api.post(path)).json() == done  # a repeat
        await world.take(make_state("500", cancelled=True, **money))
        assert (await api.get(f"/v1/credit-reservations/{cart['id']}")).json()["given_back"] == 0
        for wrong in ({"order_id": None}, {"cart_id": "500"}):
            assert (await reserve(api, 1, **wrong)).json()["errors"][0]["code"] == "missing"
    assert await lots(world) == [(100, 0, 0, 0, 30, 70)]


async def test_a_reservation_that_is_asked_for_again_stands_until_the_later_end(world: World) -> None:
    await opened(world, CREDIT)
    await bought(world, "1", friend_id="mia")
    async with world.caller(STORE) as api:
        one = (await reserve(api, 100, expires_in_seconds=600)).json()
        await time_passes(world, timedelta(seconds=500))
        again = (await reserve(api, 100, expires_in_seconds=600)).json()
        assert (again["id"], again["expires_at"] > one["expires_at"]) == (one["id"], True)
        assert (await reserve(api, 100, expires_in_seconds=60)).json() == again
        await time_passes(world, timedelta(seconds=500))
        assert (await api.get(f"/v1/credit-reservations/{one['id']}")).json()["status"] == "reserved"
        await time_passes(world, timedelta(seconds=200))
        assert (await api.get(f"/v1/credit-reservations/{one['id']}")).json()["status"] == "released"


async def test_a_list_reads_no_more_than_it_shows_whatever_lies_beside(world: World) -> None:
    """Of two thousand ended ones and two thousand redemptions after them; one is reserved, and it is the oldest."""
    await opened(world, CREDIT)
    await bought(world, "1", friend_id="mia")
    async with world.caller(STORE) as api:
        one = (await reserve(api, 100)).json()
        async with world.owner.transaction([STORE]) as tx:
            await tx.execute(
                "insert into spends (store_id, spend_id, purpose, purpose_id, owner, side, unit, pay_as, amount,"
                " status, number, reserved_at, ended_at)"
                " select store_id, 'spd_z' || lpad(n::text, 9, '0'),"
                " case when n > 2000 then 'redemption' else 'cart' end, 'p' || n, 'o' || n,"
                " side, unit, pay_as, amount, 'released', number, reserved_at, reserved_at"
                " from spends, generate_series(1, 4000) n"
            )
            await tx.execute("analyze spends")
        watched = Explained()
        with watched.watching():
            found = (await api.get("/v1/credit-reservations", params={"status": "reserved"})).json()["data"]
            await api.get("/v1/credit-reservations", params={"limit": 5})
    assert [each["id"] for each in found] == [one["id"]]
    read = [each for each in watched.readings if "from spends" in each.sql]
    assert read and max(each.rows for each in read) <= 6, "\n".join(map(str, read))


async def test_what_was_paid_with_credit_earns_nothing(world: World) -> None:
    tenth = POINTS | {"give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"}, "pay_as": "cash"}
    del tenth["expires_after_days"]
    await opened(world, tenth)
    state = make_state("1", total_minor=5000, subtotal_minor=4000, friend_id="mia")
    paid = state.figures.model_copy(update={"paid_with_credit_minor": 1000})
    await world.take(state.model_copy(update={"figures": paid}))
    assert await world.amounts(STORE, "1") == {"points": 320}  # a tenth of four fifths of 40.00
    assert (await audit(world)).findings == []
