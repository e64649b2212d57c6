"""What a store itself calls nobody: orders and reports that come from then on are nobody's by it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pytest

from contracts.events.catalog import StoreConfigured
from services.common.contacts import own_placeholders
from services.common.own_placeholders import OwnPlaceholders
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP, decision, proof, token
from tests.support.attribution import ambassador, browser, program, pump, served
from tests.support.edge import RING, key
from tests.support.postgres import FreshDatabase
from tests.support.wait import until

OWN = own_placeholders(RING, customer_ids=["Till-1", " ТОЧКА "], emails=["pos@shop.example"], phones=["+49 30 1234567"])


@pytest.fixture
async def db(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = Database(await fresh_database("attribution"), schema="attribution")
    yield database
    await database.close()


async def configured(db: Database, *names: str, revision: int = 1, store: str = SHOP) -> None:
    """The store says what stands for nobody, as its event brings it."""
    event = StoreConfigured(
        store_id=store,
        name="Shop",
        currency="EUR",
        timezone="UTC",
        domains=("shop.example",),
        locale="en",
        created_at=NOW,
        revision=revision,
        placeholders=names,
    )
    async with db.transaction(stores=[store]) as tx:
        tx.emit(event)
    await pump(db, [store])


async def buys(http: httpx.AsyncClient, order_id: str, **more: object) -> None:
    reported = {"order_id": order_id, "placed_at": NOW.isoformat(), "status": "paid", "currency": "EUR"}
    answer = await http.post("/v1/orders", json={**reported, "total_minor": 5000, **more}, headers=SECRET_KEY)
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize(
    "customer",
    [
        *({"id": "till-1"}, {"id": "точка"}, {"email": "POS+1@shop.example"}, {"phone": "0049 30 1234567"}),
        *({"id": "pos@shop.example"}, {"id": "TILL-1", "email": "pos@shop.example"}),
    ],
)
async def test_two_buyers_at_a_till_are_two(db: Database, tmp_path: Path, customer: dict[str, str]) -> None:
    await configured(db, *OWN)
    async with db.transaction(stores=[SHOP]) as tx:
        for payload in (program(store=SHOP), ambassador(store=SHOP)):
            tx.emit(payload)
    async with served(db, tmp_path) as http:
        await buys(http, "1", token=token(), customer=customer)
        assert (await decision(http, db, "1"))["ambassador_id"] == "amb_anna"
        await buys(http, "2", customer=customer)
        second = await decision(http, db, "2")
    assert (second["status"], second["order_number"]) == ("unattributed", 1)


async def test_reports_name_nobody_by_it_either(db: Database, tmp_path: Path) -> None:
    await configured(db, *OWN)
    visitor = {"visitor_id": browser("v1")}
    async with served(db, tmp_path) as http:
        named = {**visitor, "customer": {"id": "Till-1", "email": "pos@shop.example"}}
        assert (await http.post("/v1/identify", json=named, headers=SECRET_KEY)).status_code == 202
        shown = {"type": "identify", "customer": {"id": "Till-1"}, "proof": proof("Till-1"), **visitor}
        answer = await http.post("/v1/track", json=shown, headers=key(store=SHOP, kind="pk"))
        assert answer.status_code == 202

        async def reported() -> list[dict[str, object]]:
            async with db.transaction(stores=[SHOP]) as tx:
                rows = await tx.all("select data from outbox where type like 'kith.customer.identified%'")
            return [orjson.loads(bytes(row.data))["customer"] for row in rows]

        async def both() -> bool:
            return len(await reported()) == 2

        await until(both)
        assert [set(one) - {"contact_hashes"} for one in await reported()] == [set(), set()]
        assert [one.get("contact_hashes") or [] for one in await reported()] == [[], []]


async def test_the_newest_list_holds_and_is_one_store_s(db: Database) -> None:
    placeholders = OwnPlaceholders(db)
    await configured(db, "c_till-1", revision=2)
    await configured(db, revision=1)
    await configured(db, "c_other", store="str_other")
    await placeholders.refresh()
    assert placeholders.of(SHOP) == {"c_till-1"}
    assert placeholders.of("str_other") == {"c_other"}
    await configured(db, revision=3)
    await placeholders.refresh()
    assert placeholders.of(SHOP) == frozenset()
