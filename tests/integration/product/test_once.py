"""One order told many times, by the real product from its HTTP to its rewards: once is what counts."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.cli.local.postgres import OWNER
from tests.support.command_line import kith
from tests.support.two_stores import PROGRAM, Store, TwoStores, now
from tests.support.wait import until

TWO_SIDED = PROGRAM | {
    "rewards": [
        {"name": "friend", "to": "friend", "give": {"kind": "fixed", "amount_minor": 500}},
        {"name": "ambassador", "to": "ambassador", "give": {"kind": "percent", "basis_points": 1000, "of": "subtotal"}},
    ]
}


@pytest.fixture(scope="module")
async def code(two_stores: TwoStores) -> str:
    """An ambassador's code in a program that rewards both."""
    client, store = two_stores.client, two_stores.b
    program = await client.post("/v1/programs", json=TWO_SIDED, headers=store.secret)
    joined = await client.post("/v1/ambassadors", json={"program_id": program.json()["id"]}, headers=store.secret)
    return str(joined.json()["code"]["code"])


def order(order_id: str, code: str, **changes: Any) -> dict[str, Any]:
    reported = {"order_id": order_id, "placed_at": now(), "status": "paid", "currency": "EUR", "total_minor": 5000}
    return reported | {"customer": {"id": f"c-{order_id}"}, "codes": [code]} | changes


async def rewards(client: httpx.AsyncClient, store: Store, order_id: str) -> list[tuple[str, int]]:
    found = (await client.get("/v1/rewards", params={"order_id": order_id}, headers=store.secret)).json()["data"]
    return sorted((reward["beneficiary"]["kind"], reward["amount_minor"]) for reward in found)


async def test_fifty_parallel_posts_of_an_order_are_one_order_and_one_reward_for_each_side(
    two_stores: TwoStores, code: str
) -> None:
    client, store = two_stores.client, two_stores.b
    reported = order("fifty", code)
    answers = await asyncio.gather(*(client.post("/v1/orders", json=reported, headers=store.secret) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert sum(not answer.json().get("duplicate", False) for answer in answers) == 1
    once = [("ambassador", 500), ("friend", 500)]

    async def paid(order_id: str) -> bool:
        return await rewards(client, store, order_id) == once

    await until(lambda: paid("fifty"), within=60, what="a reward for each side")
    # Whatever the others have set going comes before the order that is told after them.
    await client.post("/v1/orders", json=order("after", code), headers=store.secret)
    await until(lambda: paid("after"), within=60, what="the rewards of a later order")
    assert await rewards(client, store, "fifty") == once
    listed = (await client.get("/v1/orders", headers=store.secret)).json()["data"]
    assert [one["order_id"] for one in listed].count("fifty") == 1


async def test_another_body_under_a_used_key_writes_nothing(two_stores: TwoStores, code: str) -> None:
    client, store = two_stores.client, two_stores.b
    headers = store.secret | {"idempotency-key": "used"}
    assert (await client.post("/v1/orders", json=order("key-1", code), headers=headers)).status_code == 202
    await until(lambda: rewards(client, store, "key-1"), within=60, what="rewards")
    refused = await client.post("/v1/orders", json=order("key-2", code, total_minor=1), headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "idempotency_key_reused")
    assert (await client.get("/v1/orders/key-2", headers=store.secret)).status_code == 404
    connection = await asyncpg.connect(two_stores.database_url.replace(f"{OWNER}@", "postgres@"))
    try:
        for table in ("attribution.order_facts", "attribution.answers", "attribution.outbox", "bus.records"):
            text = "coalesce(convert_from(value, 'UTF8'), '')" if table == "bus.records" else "t::text"
            found = await connection.fetchval(f"select count(*) from {table} t where {text} like '%key-2%'")
            assert found == 0, table
    finally:
        await connection.close()


async def test_a_row_of_the_books_that_was_changed_is_found_by_the_operators_command(
    two_stores: TwoStores, code: str, tmp_path: Path
) -> None:
    client, store = two_stores.client, two_stores.b
    assert (await client.post("/v1/orders", json=order("flip", code), headers=store.secret)).status_code == 202
    await until(lambda: rewards(client, store, "flip"), within=60, what="rewards")

    async def verified() -> tuple[int, dict[str, Any]]:
        words = ("ledger", "verify", "--store", store.id)
        status, [report], complaints = await kith(*words, folder=tmp_path, url=two_stores.database_url)
        assert not complaints or status == 1, complaints
        return status, report

    assert (await verified())[0] == 0
    connection = await asyncpg.connect(two_stores.database_url.replace(f"{OWNER}@", "postgres@"))
    try:
        async with connection.transaction():
            # Past all triggers, as a thief with the database's own password would be.
            await connection.execute("set local session_replication_role = replica")
            changed = await connection.execute(
                "update rewards.entries set amount_minor = amount_minor + 1 where (store_id, number, line) ="
                " (select store_id, number, line from rewards.entries where store_id = $1 limit 1)",
                store.id,
            )
        assert changed == "UPDATE 1"
        status, report = await verified()
        assert (status, report["whole"]) == (1, False)
        assert report["findings"]
    finally:
        await connection.close()
