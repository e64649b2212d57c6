"""Terms by line, conditions and boosts, from the store's report of an order to the books, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from services.attribution.custom_events.jobs import settle_orders
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP, token
from tests.integration.product.test_custom_events import Shop
from tests.integration.rewards.world import open_world
from tests.support.attribution import ambassador, arrive, code, program, served
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured

PLACED = NOW - timedelta(hours=1)
TENTH: dict[str, Any] = {
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "percent", "basis_points": 1000},
    "hold_days": 0,
}
RULES: list[dict[str, Any]] = [
    {
        "name": "goods",
        **TENTH,
        "when": {"groups": ["VIP"], "channels": ["telegram"], "countries": ["MD"]},
        "terms": [
            {"categories": ["Shoes"], "give": {"kind": "percent", "basis_points": 2000}},
            {"products": ["gift-wrap"], "give": {"kind": "fixed", "amount_minor": 30}},
        ],
        "boosts": [
            {
                "first_day": (PLACED - timedelta(days=2)).date().isoformat(),
                "last_day": (PLACED + timedelta(days=2)).date().isoformat(),
                "basis_points": 500,
                "categories": ["shoes"],
            },
            {"first_day": "2020-01-01", "last_day": "2020-01-02", "basis_points": 5000},
        ],
    },
    {"name": "staff", **TENTH, "when": {"groups": ["Staff"]}},
    {"name": "abroad", **TENTH, "when": {"countries": ["RO", "UA"]}},
    {"name": "third", **TENTH, "span": {"nth": 3}},
    {"name": "months", **TENTH, "span": {"months": 2}, "give": {"kind": "fixed", "amount_minor": 7}},
    {
        "name": "points",
        **TENTH,
        "give": {"kind": "fixed", "amount_minor": 1},
        "per_minor": 1000,
        "pay_as": "points",
    },
]
ITEMS = [
    {"line_id": "a", "category": "Shoes", "amount_minor": 2000},
    {"line_id": "b", "amount_minor": 1000},
    {"line_id": "c", "product_id": "gift-wrap", "category": "Shoes", "quantity": 2, "amount_minor": 100},
]


def rewarding() -> ProgramPublished:
    version = program(store=SHOP)
    definition = version.program.model_dump(mode="json") | {"rewards": RULES}
    return version.model_copy(update={"program": version.program.model_validate(definition)})


def anna() -> AmbassadorSaved:
    return ambassador(store=SHOP).model_copy(update={"group": "VIP"})


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    await arrive(attribution, rewarding(), anna(), code(store=SHOP))
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP, timezone="Europe/Chisinau"), rewarding(), anna())
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def bought(shop: Shop, order_id: str = "1001", **more: Any) -> None:
    body = {
        "order_id": order_id,
        "placed_at": PLACED.isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 3600,
        "subtotal_minor": 3100,
        "shipping_minor": 500,
        "items": ITEMS,
        "customer": {"id": "8412"},
        "country": "MD",
        "token": token(channel="telegram"),
        **more,
    }
    answer = await shop.http.post("/v1/orders", json=body, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()


async def refunded(shop: Shop, refund_id: str, lines: list[dict[str, Any]], **more: Any) -> None:
    amount = sum(line["amount_minor"] for line in lines) + more.get("shipping_minor", 0)
    body = {"refund_id": refund_id, "amount_minor": amount, "lines": lines, **more}
    answer = await shop.http.post("/v1/orders/1001/refunds", json=body, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()


async def test_lines_conditions_and_boosts_make_the_reward_and_refunds_by_line_take_their_part(shop: Shop) -> None:
    await bought(shop)
    # Shoes 20 % and 5 % more by the boost, a tenth of the rest, and two pieces that are wrapped.
    assert await shop.rewards.amounts(SHOP, "1001") == {"goods": 500 + 100 + 60, "months": 7, "points": 3}
    async with shop.rewards.caller(SHOP) as http:
        found = (await http.get("/v1/rewards", params={"order_id": "1001"})).json()["data"]
        [goods] = [one for one in found if one["rule"] == "goods"]
        lines = (await http.get(f"/v1/rewards/{goods['id']}")).json()["lines"]
    assert [
        (one["line_id"], one["by"], one["basis_points"], one["boost_basis_points"], one["gives"]) for one in lines
    ] == [
        ("a", "category", 2500, 500, 500),
        ("b", "rule", 1000, 0, 100),
        ("c", "product", None, 0, 60),
    ]
    async with shop.rewards.browser(SHOP) as http:
        card = (await http.get("/console/rewards/orders/1001")).text
        page = (await http.get(f"/console/rewards/rewards/{goods['id']}")).text
    assert "Nothing: the rule is for other groups of ambassadors." in card
    assert "Nothing: the rule is for other orders of this friend." in card
    assert "Nothing: the rule is for orders to other countries." in card
    assert "Shoes, by category: 25%, 5% of it by a boost, is €5.00" in page

    await refunded(shop, "r1", [{"line_id": "a", "amount_minor": 1000}])
    assert (await shop.rewards.amounts(SHOP, "1001"))["goods"] == 250 + 100 + 60
    await refunded(shop, "r2", [{"line_id": "c", "amount_minor": 100}, {"line_id": "a", "amount_minor": 1000}])
    assert (await shop.rewards.amounts(SHOP, "1001"))["goods"] == 100
    await refunded(shop, "r3", [{"line_id": "b", "amount_minor": 1000}])
    assert (await shop.rewards.amounts(SHOP, "1001")).get("goods", 0) == 0
    assert await shop.books_are_whole()


async def test_what_held_at_the_purchase_is_fixed_with_the_settling(shop: Shop) -> None:
    await bought(shop)
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        await tx.execute("update orders set settle_at = now() where settled_at is null")
        await settle_orders(tx, [SHOP])
    await shop.carry()
    moved = anna().model_copy(update={"group": "Staff", "revision": 2})
    await arrive(shop.attribution, moved)
    await refunded(shop, "r1", [{"line_id": "b", "amount_minor": 1000}])
    assert (await shop.rewards.amounts(SHOP, "1001"))["goods"] == 560
    # The next order is by who she is now; and its buyer is known already, so they came by no channel.
    await bought(shop, "1002", token=None, placed_at=(NOW - timedelta(minutes=1)).isoformat())
    assert await shop.rewards.amounts(SHOP, "1002") == {"staff": 310, "months": 7, "points": 3}
    assert await shop.books_are_whole()
