"""`kith run` as a person starts it: ready with a demo store, an order in, stopped, and up again with its data."""

import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.local import process
from services.cli.names import NAMES
from tests.support import command_line
from tests.support.metrics import unread
from tests.support.product import Product, running
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def client(product: Product, key: str = "secret_key") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {product.reported[key]}"}
    return httpx.AsyncClient(base_url=product.url, headers=headers, timeout=30)


async def test_the_product_runs_and_comes_back_with_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with running("run", folder) as product, client(product) as api:
        assert (await api.get("/readyz")).status_code == 200
        answer = await api.post(
            "/v1/orders",
            json={
                "order_id": "1001",
                "placed_at": "2026-01-05T10:00:00Z",
                "status": "paid",
                "currency": "EUR",
                "total_minor": 4200,
                "customer": {"email": "friend@example.com"},
            },
        )
        assert answer.status_code == 202

        async def all_is_reported() -> bool:
            return not unread((await api.get("/metrics")).text)

        await until(all_is_reported, what="a sample of every metric that an alert reads")
        await _operators_look_at_it(folder, product, api)
        shop = httpx.AsyncClient(timeout=30)
        async with shop:
            assert (await shop.get(product.reported["shop_url"])).status_code == 200
            signed_in = await shop.get(product.reported["console_url"], follow_redirects=True)
            assert signed_in.status_code == 200
        first = product.reported
    assert product.starter.returncode == 0
    assert not (folder / "postgres" / "postmaster.pid").exists()

    async with running("run", folder) as again, client(again) as api:
        assert again.reported["store_id"] == first["store_id"]
        assert again.reported["secret_key"] == first["secret_key"]
        assert (await api.get("/v1/orders/1001")).status_code == 200


async def test_a_killed_product_leaves_nothing_running_and_starts_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with running("run", folder, demo=False) as product:
        server = int((folder / "postgres" / "postmaster.pid").read_text().split("\n")[0])
        product.starter.send_signal(signal.SIGKILL)
        await until(lambda: not process.is_alive(server), what="PostgreSQL ends with its starter")
    async with (
        running("run", folder, demo=False) as product,
        httpx.AsyncClient(base_url=product.url, timeout=60) as api,
    ):
        assert (await api.get("/readyz")).status_code == 200


@pytest.fixture(scope="module")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    """A product that stands in the way of others."""
    async with running("run", tmp_path_factory.mktemp("standing") / "data", demo=False) as product:
        yield product


async def test_a_second_starter_on_the_same_folder_is_refused(standing: Product) -> None:
    status, _, complaints = await _kith("run", "--port", str(process.free_port()), folder=standing.folder)
    assert status == 1
    assert "running on" in complaints


async def test_a_used_port_is_told_before_anything_is_started(standing: Product, tmp_path: Path) -> None:
    status, _, complaints = await _kith("run", "--port", standing.url.rpartition(":")[2], folder=tmp_path / "other")
    assert status == 1
    assert "is in use; set KITH_PORT" in complaints
    assert not (tmp_path / "other").exists()


async def test_serve_refuses_to_start_without_a_database(tmp_path: Path) -> None:
    status, _, complaints = await _kith("serve", "links", folder=tmp_path)
    assert status == 1
    assert "KITH_DATABASE_URL" in complaints


async def test_serve_refuses_to_start_without_secrets(tmp_path: Path) -> None:
    status, _, complaints = await _kith(
        "serve", "links", folder=tmp_path, KITH_DATABASE_URL="postgresql://kith@127.0.0.1:1/kith"
    )
    assert status == 1
    assert complaints.startswith("kith: KITH_SECRET_KEYS is missing")


async def _operators_look_at_it(folder: Path, product: Product, api: httpx.AsyncClient) -> None:
    """Commands on the data folder of a product that runs: everything is sent, every order is somewhere, and decided
    again the same.
    """

    async def decided() -> bool:
        decision = (await api.get("/v1/orders/1001")).json()["decision"]
        return bool(decision["status"] == "unattributed")

    await until(decided, what="a decision")
    store_id = product.reported["store_id"]
    [equation] = await _reported("reconcile", "--store", store_id, folder=folder)
    sides = {name: equation[name] for name in ("acked", "unattributed", "in_flight", "difference")}
    assert sides == {"acked": 1, "unattributed": 1, "in_flight": 0, "difference": 0}
    [replayed] = await _reported("replay", folder=folder)
    assert (replayed["store"], replayed["equal"], replayed["different"]) == (store_id, 1, 0)
    [one] = await _reported("replay", "--store", store_id, "--order", "1001", folder=folder)
    assert one["equal"] == 1
    [books] = await _reported("ledger", "verify", folder=folder)
    assert books["whole"]

    async def sent_and_handled() -> bool:
        waiting = {reported["service"]: reported["events"] for reported in await _reported("outbox", folder=folder)}
        behind = {reported["group"]: reported["behind"] for reported in await _reported("lag", folder=folder)}
        return set(waiting) == set(NAMES) and not any((*waiting.values(), *behind.values()))

    await until(sent_and_handled, what="an empty outbox and no lag")


async def _reported(*words: str, folder: Path) -> list[dict[str, Any]]:
    status, out, err = await _kith(*words, "--json", folder=folder)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


async def _kith(*words: str, folder: Path, **env: str) -> tuple[int, str, str]:
    """A command with these settings and no others of ours: its status, its output, its complaints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
    return await command_line.run(*words, env={**clean, "KITH_DATA_DIR": str(folder), **env})
