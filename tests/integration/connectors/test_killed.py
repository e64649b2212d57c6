"""The process that takes deliveries is killed in the worst moments: what it acknowledged is kept, read and sent on."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from services.cli.local.postgres import OWNER
from services.cli.local.process import free_port
from services.connectors.inbox.actions import reconcile
from services.kernel.db import Database
from tests.integration.attribution.world import NOW, SECRET_KEY, SHOP
from tests.support.command_line import fork
from tests.support.connectors import SECRET, paid_order, signed
from tests.support.edge import OPERATOR_KEY
from tests.support.postgres import FreshDatabase
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FAILPOINTS = ("deliveries.after_kept=kill@3", "deliveries.before_read=kill@6", "deliveries.after_read=kill@9")
COUNT, SENDERS = 240, 6


async def test_killed_at_every_step_each_delivery_is_kept_and_its_order_sent_on_once(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    url, port, marks = await fresh_database("connectors"), free_port(), tmp_path / "fired"
    environment = {
        **os.environ,
        "KITH_DATABASE_URL": url,
        "KITH_DATA_DIR": str(tmp_path),
        "KITH_SECRET_KEYS": "k1:a-secret-of-the-tests-0123456789",
        "KITH_CONTACT_KEY": "contacts-of-the-tests-0123456789",
        "KITH_OPERATOR_KEY": OPERATOR_KEY,
        "KITH_CONNECTORS_SEALING_KEYS": "c1:the-keys-of-one-service-in-the-tests",
        "KITH_FAILPOINTS": ",".join(FAILPOINTS),
        "KITH_FAILPOINTS_ONCE": str(marks),
    }

    async def supervise() -> None:
        while True:
            process = await fork("serve", "connectors", "--port", str(port), env=environment)
            try:
                await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    supervising = asyncio.create_task(supervise())
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            path = await until(lambda: _hook(http), within=60, every=0.2, what="an address is made")
            orders = iter(range(1, COUNT + 1))
            await asyncio.gather(*(_platform(http, path, orders) for _ in range(SENDERS)))
            db = Database(url, schema="connectors")
            await until(lambda: _all_read(db), within=120, every=0.5, what="what was kept and not read is read")
            async with db.transaction(stores=[SHOP]) as tx:
                account = await reconcile(tx, SHOP)
            await db.close()
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
    assert {mark.name for mark in marks.glob("*")} == {point.partition("=")[0] for point in FAILPOINTS}
    assert (account.acked, account.outcomes["taken"], account.difference) == (COUNT, COUNT, 0)
    connection = await asyncpg.connect(url.replace(f"{OWNER}@", "postgres@"))
    sent = await connection.fetch(
        "select subject from connectors.outbox where topic = 'kith.orders' union all"
        " select convert_from(value, 'UTF8')::json ->> 'order_id' from bus.records where topic = 'kith.orders'"
    )
    await connection.close()
    assert {row["subject"] for row in sent} == {str(number) for number in range(1, COUNT + 1)}


async def _hook(http: httpx.AsyncClient) -> str:
    try:
        made = await http.post("/v1/hooks", headers=SECRET_KEY, json={"platform": "shopify", "secret": SECRET})
    except httpx.HTTPError:
        return ""
    return str(httpx.URL(made.json()["url"]).path) if made.status_code == 201 else ""


async def _platform(http: httpx.AsyncClient, path: str, orders: Iterator[int]) -> None:
    """Delivers orders as a platform does: again, until it is answered well."""
    for number in orders:
        body = paid_order(number, created_at=NOW.isoformat(), updated_at=NOW.isoformat())

        async def delivered(body: bytes = body) -> bool:
            try:
                answer = await http.post(path, content=body, headers=signed(body, "orders/paid"))
            except httpx.HTTPError:
                return False
            return answer.status_code == 200

        await until(delivered, within=60, every=0.1, what="the delivery is answered")


async def _all_read(db: Database) -> bool:
    async with db.transaction(stores=[SHOP]) as tx:
        return not await tx.scalar("select count(*) from deliveries where outcome = 'waiting'")
