"""Rewards for sponsors, from the store's report of an order to the books, on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.rewards import Reward
from services.attribution.custom_events.jobs import settle_orders
from services.attribution.decisions.actions.replay import replay_all
from services.attribution.decisions.actions.take import take
from services.kernel.bus.port import Event
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.integration.product.test_custom_events import Shop
from tests.integration.rewards.world import open_world
from tests.support.attribution import ambassador, arrive, code, program, served
from tests.support.postgres import FreshDatabase
from tests.unit.rewards.build import configured

PLACED = NOW - timedelta(hours=1)
OWN: dict[str, Any] = {
    "name": "own",
    "to": "ambassador",
    "which": "every",
    "give": {"kind": "percent", "basis_points": 1000},
    "pay_as": "cash",
}
ABOVE: dict[str, Any] = {
    "name": "above",
    "which": "every",
    "levels": [500, 200, 100],
    "at_most_basis_points": 750,
    "pay_as": "cash",
}


def rewarding(**changed: Any) -> ProgramPublished:
    version = program(store=SHOP)
    rules = {"rewards": [OWN], "sponsor_rewards": [ABOVE | changed]}
    definition = version.program.model_dump(mode="json") | rules
    return version.model_copy(update={"program": version.program.model_validate(definition)})


def person(name: str, *, by: str | None = None, **changed: Any) -> AmbassadorSaved:
    return ambassador(f"amb_{name}", store=SHOP, **changed).model_copy(
        update={"sponsor_id": None if by is None else f"amb_{by}"}
    )


PEOPLE = (person("anna", by="boris"), person("boris", by="clara"), person("clara", by="dora"), person("dora"))


@pytest.fixture
async def shop(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Shop]:
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    await arrive(attribution, rewarding(), *PEOPLE, code(store=SHOP))
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), rewarding(), *PEOPLE)
        yield Shop(attribution, http, rewards)
    await attribution.close()


async def bought(shop: Shop, order_id: str = "1001", total: int = 10_000, **changed: Any) -> None:
    body = {
        "order_id": order_id,
        "placed_at": PLACED.isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": total,
        "customer": {"id": f"mia-{order_id}"},
        "codes": ["ANNA10"],
        **changed,
    }
    answer = await shop.http.post("/v1/orders", json=body, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()


async def refund(shop: Shop, amount: int, refund_id: str = "r1") -> None:
    body = {"refund_id": refund_id, "amount_minor": amount}
    answer = await shop.http.post("/v1/orders/1001/refunds", json=body, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text
    await shop.carry()


async def settle(shop: Shop) -> None:
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        await tx.execute("update orders set settle_at = now() where settled_at is null")
        await settle_orders(tx, [SHOP])
    await shop.carry()


async def saved(shop: Shop, *people: AmbassadorSaved) -> None:
    """Ambassadors who change now, told to both services."""
    events = [Event(id="evt", type=one.TYPE, at=NOW, store_id=SHOP, data=one) for one in people]
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        await take(tx, events)
    await shop.rewards.take(*people)
    await shop.carry()


async def worth(shop: Shop, order_id: str = "1001") -> dict[str, int]:
    found = [one for one in await shop.rewards.rewards(SHOP) if one.source_id == order_id]
    return {one.beneficiary_id.removeprefix("amb_"): one.target_minor for one in found if one.target_minor}


async def decided(shop: Shop, order_id: str = "1001") -> bytes:
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        rows = await tx.all("select body from decisions where order_id = :order order by revision desc", order=order_id)
    return bytes(rows[0].body)


async def test_three_levels_get_their_shares_and_lose_them_with_the_order(shop: Shop) -> None:
    await bought(shop)
    assert await worth(shop) == {"anna": 1000, "boris": 500, "clara": 200, "dora": 50}
    await refund(shop, 5_000)
    assert await worth(shop) == {"anna": 500, "boris": 250, "clara": 100, "dora": 25}
    await settle(shop)
    await shop.rewards.move_clock(int(timedelta(days=15).total_seconds()))
    await shop.rewards.release()
    await refund(shop, 5_000, "r2")
    assert await worth(shop) == {}
    assert await shop.books_are_whole()


async def test_who_stood_above_at_the_purchase_stays_it_for_that_order(shop: Shop) -> None:
    await bought(shop)
    before = await decided(shop)
    await saved(shop, person("anna", by="dora", revision=2))
    assert await decided(shop) == before
    await bought(shop, "1002", placed_at=(NOW + timedelta(minutes=1)).isoformat())
    assert await worth(shop, "1002") == {"anna": 1000, "dora": 500}
    await settle(shop)
    assert await worth(shop) == {"anna": 1000, "boris": 500, "clara": 200, "dora": 50}
    async with shop.attribution.transaction(stores=[SHOP]) as tx:
        replayed = await replay_all(tx, SHOP)
    assert len(replayed) >= 3 and all(one.equal for one in replayed)
    assert await shop.books_are_whole()


async def test_a_sponsor_who_comes_late_is_not_missed(shop: Shop) -> None:
    await saved(shop, person("emil", by="fred"))
    await arrive(shop.attribution, code(text="EMIL10", code_id="cod_emil", ambassador_id="amb_emil", store=SHOP))
    await bought(shop, codes=["EMIL10"])
    assert await worth(shop) == {"emil": 1000}
    await saved(shop, person("fred", by="dora"))
    assert await worth(shop) == {"emil": 1000, "fred": 500, "dora": 200}


async def test_a_blocked_sponsor_gets_nothing_of_what_is_open_and_nobody_moves_up(shop: Shop) -> None:
    await bought(shop)
    await saved(shop, person("boris", by="clara", revision=2, status="blocked"))
    assert await worth(shop) == {"anna": 1000, "clara": 200, "dora": 50}
    await saved(shop, person("boris", by="clara", revision=3))
    assert await worth(shop) == {"anna": 1000, "boris": 500, "clara": 200, "dora": 50}
    await settle(shop)
    await saved(shop, person("boris", by="clara", revision=4, status="blocked"))
    assert (await worth(shop))["boris"] == 500


async def test_others_learn_the_level_and_whose_order_it_was(shop: Shop) -> None:
    await bought(shop)
    told = [one for one in await shop.rewards.emitted(SHOP) if isinstance(one, Reward)]
    assert [(one.beneficiary.id, one.ambassador_id, one.level, one.sponsor_level) for one in told] == [
        ("amb_anna", "amb_anna", 1, None),
        ("amb_boris", "amb_anna", 1, 1),
        ("amb_clara", "amb_anna", 2, 2),
        ("amb_dora", "amb_anna", 3, 3),
    ]
    async with shop.rewards.caller(SHOP) as api:
        of_clara = {"ambassador_id": "amb_clara", "beneficiary_id": "amb_clara"}
        [hers] = (await api.get("/v1/rewards", params=of_clara)).json()["data"]
        sheet = (await api.get("/v1/rewards", params={"format": "csv"})).text
        [balance] = (await api.get("/v1/balances", params={"ambassador_id": "amb_clara"})).json()["data"]
    assert (hers["sponsor_level"], hers["ambassador_id"], hers["amount_minor"]) == (2, "amb_anna", 200)
    assert "sponsor_level" in sheet.splitlines()[0]
    assert balance["pending"] == 200
    async with shop.rewards.browser(SHOP) as console:
        page = (await console.get(f"/console/rewards/rewards/{hers['id']}")).text
        cards = (await console.get("/console/rewards/orders/1001")).text
        listed = (await console.get("/console/rewards/rewards", params={"ambassador": "amb_clara"})).text
    assert "Sponsor, level 2" in page and "2% of the subtotal of €100.00" in page
    assert all(f"Sponsor, level {level}" in cards for level in (1, 2, 3))
    assert "1001" in listed


async def test_only_active_sponsors_get_it_where_the_rule_says_so(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    attribution = Database(await fresh_database("attribution"), schema="attribution")
    version = rewarding(active_days=30)
    codes = (code(store=SHOP), code(text="CLARA10", code_id="cod_clara", ambassador_id="amb_clara", store=SHOP))
    await arrive(attribution, version, *PEOPLE, *codes)
    async with open_world(await fresh_database("rewards"), tmp_path) as rewards, served(attribution, tmp_path) as http:
        await rewards.take(configured(store=SHOP), version, *PEOPLE)
        shop = Shop(attribution, http, rewards)
        await bought(shop, "1000", codes=["CLARA10"])
        assert await worth(shop, "1000") == {"clara": 1000}
        await settle(shop)
        await bought(shop)
        assert await worth(shop) == {"anna": 1000, "clara": 200}
        await settle(shop)
        # Anna's own order has settled, and Boris has none: what was decided first stays.
        await refund(shop, 1_000)
        assert await worth(shop) == {"anna": 900, "clara": 180}
        page = [one for one in await rewards.rewards(SHOP) if one.reason == "sponsor_inactive"]
        assert {one.beneficiary_id for one in page if one.source_id == "1001"} == {"amb_boris", "amb_dora"}
        assert await shop.books_are_whole()
    await attribution.close()
