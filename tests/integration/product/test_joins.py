"""From an order as a guest to credit that the customer spends, by the word of the store's server, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.events.people import PersonJoined
from services.attribution.custom_events.jobs import settle_orders
from services.kernel.db import Database
from services.rewards.verification.actions import verify
from tests.integration.attribution.world import NOW, PUBLISHABLE, SECRET_KEY, SHOP, VISITOR
from tests.integration.product.test_custom_events import Shop
from tests.integration.rewards.spent import CREDIT
from tests.integration.rewards.world import open_world
from tests.support.attribution import ambassador, arrive, code, program, served
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured

MAIL = "mia@buyers.example"
VERIFIED: dict[str, Any] = {"customer": {"id": "8412", "email": MAIL, "verified": True}}


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    version = program(store=SHOP)
    definition = version.program.model_dump(mode="json") | {"rewards": [CREDIT]}
    since = {"program": version.program.model_validate(definition), "published_at": NOW - timedelta(days=30)}
    version = version.model_copy(update=since)
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    await arrive(attribution, version, ambassador(store=SHOP), code(store=SHOP))
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), version)
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def bought(shop: Shop, order_id: str, **customer: Any) -> None:
    body = {
        "order_id": order_id,
        "placed_at": (NOW - timedelta(hours=1)).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5000,
        "codes": ["ANNA10"],
        "customer": customer,
    }
    answer = await shop.http.post("/v1/orders", json=body, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()


async def settle(shop: Shop) -> None:
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        await tx.execute("update orders set settle_at = now() where settled_at is null")
        await settle_orders(tx, [SHOP])
    await shop.carry()
    while await shop.rewards.release():
        pass


async def identify(shop: Shop, **reported: Any) -> httpx.Response:
    answer = await shop.http.post("/v1/identify", json=reported, headers=SECRET_KEY)
    await shop.carry()
    return answer


async def available(shop: Shop, customer_id: str) -> int:
    async with shop.rewards.caller(SHOP) as api:
        found = (await api.get("/v1/balances", params={"friend_id": customer_id})).json()["data"]
    return int(found[0]["available"]) if found else 0


async def whole(shop: Shop) -> bool:
    async with shop.rewards.owner.transaction([SHOP]) as tx:
        return (await verify(tx, SHOP)).whole


async def test_a_guest_opens_an_account_and_spends_what_they_earned(shop: Shop) -> None:
    await bought(shop, "1", email=MAIL)
    await settle(shop)
    assert await available(shop, "8412") == 0
    unsure = await identify(shop, visitor_id=VISITOR, customer={"id": "8412", "email": MAIL})
    assert "joined" not in unsure.json()
    assert await available(shop, "8412") == 0, "names are one person's; that it is theirs to spend nobody has shown"
    first, again = await identify(shop, **VERIFIED), await identify(shop, **VERIFIED)
    assert (first.status_code, first.json()["joined"], again.json()["joined"]) == (202, True, True)
    assert await available(shop, "8412") == 100
    async with shop.rewards.caller(SHOP) as api:
        wanted = {"customer_id": "8412", "unit": "EUR", "amount": 100, "order_id": "2"}
        assert (await api.post("/v1/credit-reservations", json=wanted)).status_code == 201
    await bought(shop, "3", email=MAIL)
    await settle(shop)
    assert await available(shop, "8412") == 100, "what comes under the address later is theirs too"
    assert await whole(shop)


async def test_an_order_says_it_too_and_the_first_customer_keeps_it(shop: Shop) -> None:
    await bought(shop, "1", email=MAIL)
    await settle(shop)
    await bought(shop, "2", id="8412", email=MAIL)
    assert await available(shop, "8412") == 0
    for _ in range(2):
        await bought(shop, "2", id="8412", email=MAIL, verified=True)
    assert await available(shop, "8412") == 100
    other = await identify(shop, customer={"id": "77", "email": MAIL, "verified": True})
    assert (other.status_code, other.json()["joined"]) == (202, False)
    assert (await available(shop, "8412"), await available(shop, "77")) == (100, 0)
    assert await whole(shop)


async def test_a_page_moves_no_money(shop: Shop) -> None:
    await bought(shop, "1", email=MAIL)
    await settle(shop)
    http = shop.http
    assert (await http.post("/v1/identify", json=VERIFIED, headers=PUBLISHABLE)).status_code == 403
    tracked = await http.post(
        "/v1/track", json={"type": "identify", "visitor_id": VISITOR, **VERIFIED}, headers=PUBLISHABLE
    )
    assert tracked.status_code == 422
    order = {"order_id": "9", "status": "paid", "currency": "EUR", "total_minor": 1, "placed_at": NOW.isoformat()}
    assert (await http.post("/v1/orders", json=order | VERIFIED, headers=PUBLISHABLE)).status_code == 403
    await shop.carry()
    assert await available(shop, "8412") == 0
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        assert await tx.all("select * from verified_contacts") == []


@pytest.mark.parametrize(
    ("customer", "code"),
    [
        ({"email": MAIL, "verified": True}, 422),
        ({"id": "8412", "verified": True}, 422),
        ({"id": "guest", "email": MAIL, "verified": True}, 422),
        ({"id": "8412", "email": MAIL}, 422),
        ({"id": "e_" + "0a" * 16, "email": MAIL, "verified": True}, 202),
        ({"id": "8412", "email": "no-reply@buyers.example", "verified": True}, 202),
    ],
)
async def test_it_needs_a_customer_and_a_contact_of_somebody(shop: Shop, customer: dict[str, Any], code: int) -> None:
    answer = await identify(shop, customer=customer)
    assert answer.status_code == code, answer.text
    assert answer.json().get("joined") in (None, False)


async def test_many_who_say_the_same_at_once_are_one(shop: Shop) -> None:
    for n in range(8):
        await shop.http.post(
            "/v1/identify", headers=SECRET_KEY, json={"customer": {"id": str(n % 2), "email": MAIL, "verified": True}}
        )
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        rows = await tx.all("select count(*) from outbox where type = :type", type=PersonJoined.TYPE)
    assert [tuple(row) for row in rows] == [(1,)]
