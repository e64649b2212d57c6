"""Cashback from the store's report of an order that nobody referred to the buyer's balance, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.attribution.custom_events.jobs import settle_orders
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.product.test_custom_events import Shop
from tests.integration.rewards.world import open_world
from tests.support.attribution import arrive, program, served
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured
from tests.unit.rewards.test_cashback import FREE


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    version = program(store=SHOP)
    definition = version.program.model_dump(mode="json") | {"cashback_rewards": [FREE]}
    since = {"program": version.program.model_validate(definition), "published_at": NOW - timedelta(days=30)}
    version = version.model_copy(update=since)
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    await arrive(attribution, version)
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), version)
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def bought(shop: Shop, order_id: str, total: int, **customer: Any) -> None:
    body = {
        "order_id": order_id,
        "placed_at": (NOW - timedelta(hours=1)).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": total,
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


async def points(shop: Shop) -> dict[str, int]:
    return {one.beneficiary_id: one.target_minor for one in await shop.rewards.rewards(SHOP) if one.target_minor}


async def test_own_orders_of_one_person_add_up_once_they_have_settled(shop: Shop) -> None:
    """Two customer ids with one address, and a refund that comes later."""
    await bought(shop, "1001", 2_999, id="8412", email="eva@example.com")
    await bought(shop, "1002", 7_001, id="9000", email="eva@example.com")
    assert await points(shop) == {}
    await settle(shop)
    assert sum((await points(shop)).values()) == 2
    answer = await shop.http.post(
        "/v1/orders/1002/refunds", json={"refund_id": "r1", "amount_minor": 1}, headers=SECRET_KEY
    )
    assert answer.status_code == 202, answer.text
    await shop.carry()
    assert sum((await points(shop)).values()) == 1
    assert await shop.books_are_whole()
