"""From the split that a link or code carries to the rewards of both sides, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.events.catalog import ProgramPublished
from services.common import click_token
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP, token
from tests.integration.product.test_custom_events import Shop
from tests.integration.rewards.world import open_world
from tests.support.attribution import ambassador, arrive, code, program, served
from tests.support.edge import RING
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured

RULE: dict[str, Any] = {
    "name": "shared",
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "percent", "basis_points": 10_000},
    "hold_days": 0,
    "split": {"default_basis_points": 10_000},
}


def sharing() -> ProgramPublished:
    version = program(store=SHOP)
    definition = version.program.model_dump(mode="json") | {"rewards": [RULE]}
    return version.model_copy(update={"program": version.program.model_validate(definition)})


def by_link(split: int) -> str:
    """A click on a link that carries this split."""
    claims = click_token.read(RING, token(), store_id=SHOP)
    assert not isinstance(claims, click_token.TokenProblem)
    return click_token.issue(RING, SHOP, claims.model_copy(update={"split": split}))


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    shared = code("HALF", code_id="cod_half", store=SHOP).model_copy(update={"split": 5_000})
    await arrive(attribution, sharing(), ambassador(store=SHOP), shared)
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), sharing(), ambassador(store=SHOP))
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def bought(shop: Shop, order_id: str, **more: Any) -> dict[str, int]:
    body = {
        "order_id": order_id,
        "placed_at": (NOW - timedelta(hours=1)).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 10_001,
        "customer": {"id": f"customer-{order_id}"},
        **more,
    }
    answer = await shop.http.post("/v1/orders", json=body, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()
    async with shop.rewards.caller(SHOP) as http:
        found = (await http.get("/v1/rewards", params={"order_id": order_id})).json()["data"]
    return {one["beneficiary"]["kind"]: one["amount_minor"] for one in found}


async def test_the_touch_that_wins_says_how_the_reward_is_split(shop: Shop) -> None:
    assert await bought(shop, "1", token=token()) == {"ambassador": 10_001}
    assert await bought(shop, "2", token=by_link(2_500)) == {"ambassador": 2_500, "friend": 7_501}
    # A code goes before a click.
    assert await bought(shop, "3", token=by_link(0), codes=["half"]) == {"ambassador": 5_000, "friend": 5_001}
    async with shop.rewards.browser(SHOP) as http:
        card = (await http.get("/console/rewards/orders/3")).text
    assert "50% of it by the split of the link or code" in card
    # A friend won by a code comes again by themselves.
    assert await bought(shop, "4", codes=["half"]) == {"ambassador": 5_000, "friend": 5_001}
    assert await bought(shop, "5", customer={"id": "customer-4"}) == {"ambassador": 5_000, "friend": 5_001}
