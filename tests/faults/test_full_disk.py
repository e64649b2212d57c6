"""No room on the disk: the whole product on it, spool and database, under load, until there is room again."""

import asyncio
import json
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.cli.local.postgres import Postgres, programs
from services.cli.starting import EMBEDDED_DATABASE, embedded_postgres
from tests.faults.full_disk import small_disk
from tests.faults.history import History, side_by_side
from tests.support.product import Product, running
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_a_full_disk_is_said_aloud_and_heals_by_itself(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with (
            running("run", disk.folder / "kith") as product,
            httpx.AsyncClient(base_url=product.url, timeout=30) as http,
        ):
            history = await History.begin(http, product.operator_key)
            server = embedded_postgres(product.folder)
            await side_by_side(history.order(f"before-{n}", n) for n in range(40))
            await side_by_side(history.click(n) for n in range(20))
            assert not history.refused

            disk.fill(product.starter.pid)
            asked = [f"full-{n}" for n in range(60)]  # some find a page with room, the others an error of theirs alone
            await side_by_side(history.order(name, number) for number, name in enumerate(asked))
            await _log_is_exhausted(server)
            await _refused(history, asked, clicks=10 if disk.holds_spools else 0)
            refusal = await _one_order(history)
            disk.free(product.starter.pid)

            assert set(history.refused) == {503}, history.refused
            assert history.without_retry_after == 0
            assert refusal.headers["content-type"] == "application/problem+json"
            assert refusal.json()["code"] == "unavailable"
            await until(lambda: _ready(http), within=120, every=0.2, what="a product that is ready again")
            # What was refused may be told again, and what was kept although the answer was lost counts once.
            await side_by_side(history.order(name, number, tries=100) for number, name in enumerate(asked))
            await side_by_side(history.click(n) for n in range(20))
            await _all_is_well(product, history)
            await _nothing_is_damaged(server)


async def _log_is_exhausted(server: Postgres) -> None:
    """Uses up the segments that the database's log has in reserve, until the server falls over for want of another."""

    async def fallen() -> bool:
        try:
            connection = await server.connect(EMBEDDED_DATABASE)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return True
        try:
            await connection.execute("select pg_logical_emit_message(false, 'ballast', repeat('x', 1000000))")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return bool(connection.is_closed())
        finally:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=2)
        return False

    await until(fallen, within=60, what="a database without room for its log")


async def _refused(history: History, reported: list[str], *, clicks: int) -> None:
    """Tells orders and opens links until some of both were refused; adds the orders' names to those told."""
    orders = 0

    async def enough() -> bool:
        nonlocal orders
        reported.append(f"full-{len(reported)}")
        taken, _ = await asyncio.gather(history.order(reported[-1], len(reported) - 1), history.click(len(reported)))
        orders += not taken
        return orders >= 10 and history.clicks_unknown >= clicks

    await until(enough, within=120, what="orders and clicks that are refused")


async def _one_order(history: History) -> httpx.Response:
    """The answer to an order while there is no room."""
    order = {
        "order_id": "refused",
        "placed_at": datetime.now(UTC).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 100,
    }
    return await history.http.post("/v1/orders", json=order, headers=history.headers)


async def _ready(http: httpx.AsyncClient) -> bool:
    return (await http.get("/readyz")).is_success


async def _all_is_well(product: Product, history: History) -> None:
    async def rewarded() -> bool:
        found = await history.rewards()
        found.pop("refused", None)
        return found == history.expected()

    await until(rewarded, within=120, every=0.5, what="the rewards that the history asks for")
    assert await history.out_of_balance() == 0

    async def counted() -> bool:
        return history.clicks <= await history.counted_clicks() <= history.clicks + history.clicks_unknown

    await until(counted, within=60, every=0.5, what="every click counted, once")
    metrics = (await history.http.get("/metrics")).text
    samples: list[Any] = [s for family in text_string_to_metric_families(metrics) for s in family.samples]
    assert sum(s.value for s in samples if s.name == "kith_dead_letters_total") == 0
    assert sum(s.value for s in samples if s.name == "kith_spool_bad_lines_total") == 0
    assert product.starter.poll() is None


async def _nothing_is_damaged(server: Postgres) -> None:
    """Every table and index of the database, page by page."""
    argv = [str(programs() / "pg_amcheck"), "--install-missing", "--heapallindexed", "-h", str(server.socket_folder)]
    found = await asyncio.to_thread(
        subprocess.run, [*argv, "-U", "postgres", EMBEDDED_DATABASE], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, json.dumps([found.stdout[-2000:], found.stderr[-2000:]])
