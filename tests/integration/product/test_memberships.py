"""A membership, from the report of an ambassador's own order to what friends' orders bring them, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.product.test_custom_events import Shop
from tests.integration.rewards.world import open_world
from tests.support.attribution import ambassador, arrive, code, program, served
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured
from tests.unit.rewards.test_memberships import CLUB, MEMBERS


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    version, anna = program(store=SHOP), ambassador(store=SHOP, external_id="anna-7")
    definition = version.program.model_dump(mode="json") | {"rewards": [MEMBERS], "memberships": [CLUB]}
    since = {"program": version.program.model_validate(definition), "published_at": NOW - timedelta(days=30)}
    version = version.model_copy(update=since)
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    await arrive(attribution, version, anna, code(store=SHOP))
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), version, anna)
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def bought(
    shop: Shop, order_id: str, customer: str, hours_ago: float, *items: dict[str, Any], **more: Any
) -> None:
    body = {
        "order_id": order_id,
        "placed_at": (NOW - timedelta(hours=hours_ago)).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 4_600,
        "items": list(items) or [{"sku": "mug", "amount_minor": 4_600}],
        "customer": {"id": customer},
        **more,
    }
    answer = await shop.http.post("/v1/orders", json=body, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()


async def test_an_ambassador_buys_the_club_earns_as_a_member_and_cancels_it(shop: Shop) -> None:
    club = {"sku": "CLUB-1", "amount_minor": 4_600}
    await bought(shop, "before", "mia", 9, codes=["ANNA10"])
    # It waits for its money first, and her own code refers nobody.
    hers: dict[str, Any] = {"codes": ["ANNA10"], "updated_at": (NOW - timedelta(hours=8)).isoformat()}
    await bought(shop, "club", "anna-7", 8, club, status="pending", **hers)
    await bought(shop, "early", "noa", 7, codes=["ANNA10"])
    assert await shop.rewards.amounts(SHOP, "early") == {}
    await bought(shop, "club", "anna-7", 8, club, **hers | {"updated_at": (NOW - timedelta(hours=6)).isoformat()})
    await bought(shop, "member", "eva", 5, codes=["ANNA10"])
    assert await shop.rewards.amounts(SHOP, "member") == {"members": 460}
    cancelled = {"at": (NOW - timedelta(hours=3)).isoformat()}
    answer = await shop.http.post("/v1/orders/club/cancel", json=cancelled, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()
    await bought(shop, "between", "ada", 4, codes=["ANNA10"])
    await bought(shop, "after", "ida", 2, codes=["ANNA10"])
    assert await shop.rewards.amounts(SHOP, "between") == await shop.rewards.amounts(SHOP, "member") == {"members": 460}
    assert await shop.rewards.amounts(SHOP, "after") == await shop.rewards.amounts(SHOP, "before") == {}
    async with shop.rewards.caller(SHOP) as http:
        [held] = (await http.get("/v1/memberships", params={"customer_id": "anna-7"})).json()["data"]
    assert (held["active"], held["purchases"][0]["source"]) == (False, {"kind": "order", "id": "club"})
    assert await shop.books_are_whole()
