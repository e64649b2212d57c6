"""`kith split` as a person starts it: many processes that answer as one, come back when killed, roll over unseen."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.metrics import unheard
from tests.support.product import Product, running
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(900)]

SERVICES = ("links", "connectors", "attribution", "rewards", "analytics")


@pytest.fixture(scope="module")
async def product(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with running("split", tmp_path_factory.mktemp("split") / "data") as product:
        yield product


@pytest.fixture
async def api(product: Product) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {product.reported['secret_key']}"}
    async with httpx.AsyncClient(base_url=product.url, headers=headers, timeout=60) as client:
        yield client


async def test_the_product_answers_as_one(api: httpx.AsyncClient) -> None:
    ready = (await api.get("/readyz")).json()
    assert ready["status"] == "ready"
    assert {name: sorted(replicas) for name, replicas in ready["services"].items()} == {
        name: [f"{name}-1", f"{name}-2"] for name in SERVICES
    }
    alive = (await api.get("/livez")).json()
    assert all(alive["children"].values())
    assert {"postgres", "kafka", "caddy", "shop"} < set(alive["children"])
    paths = (await api.get("/openapi.json")).json()["paths"]
    assert {"/v1/links", "/v1/orders", "/v1/rewards", "/v1/metrics"} <= set(paths)
    families = text_string_to_metric_families((await api.get("/metrics")).text)
    replicas = {sample.labels.get("replica") for family in families for sample in family.samples}
    assert replicas == {f"{name}-{number}" for name in SERVICES for number in (1, 2)} | {
        *("links-work-1", "connectors-work-1", "rewards-work-1"),
    }


async def test_an_order_becomes_rewards_across_the_processes(api: httpx.AsyncClient, product: Product) -> None:
    code = await _code(api)
    await _order(api, "split-1", code=code)

    async def rewards() -> list[object]:
        answer = await api.get("/v1/rewards", params={"order_id": "split-1"})
        return list(answer.json()["data"]) if answer.is_success else []

    # The demo's friend is served at the checkout.
    assert len(await until(rewards, within=180, every=0.3, what="the ambassador's reward")) == 1


async def test_everything_that_alerts_read_is_in_one_exposition(api: httpx.AsyncClient) -> None:
    async def all_is_reported() -> bool:
        return not unheard((await api.get("/metrics")).text)

    await until(all_is_reported, within=60, every=0.3, what="a sample of every metric that an alert reads")


async def test_killed_processes_come_back(api: httpx.AsyncClient, product: Product) -> None:
    names = ("rewards-1", "links-2", "caddy")
    before = {name: product.pid(name) for name in names}
    for name in names:
        product.kill(name)
    for name in names:
        await until(partial(_new_pid, product, name, before[name]), within=180, what=f"{name} is back")

    async def all_ready() -> bool:
        try:
            document = (await api.get("/readyz")).json()
        except (httpx.HTTPError, ValueError):
            return False
        return all(
            r.get("status") == "ready" for group in document.get("services", {}).values() for r in group.values()
        )

    await until(all_ready, within=180, every=0.5, what="every replica is ready")


async def test_a_rolling_restart_under_load_fails_no_request(api: httpx.AsyncClient, product: Product) -> None:
    before = _replica_pids(product)
    statuses: Counter[int] = Counter()
    going = True

    async def load(worker: int) -> None:
        number = 0
        slug = product.reported["link_url"].rpartition("/")[2]
        while going:
            number += 1
            if number % 2:
                statuses[await _order(api, f"roll-{worker}-{number}")] += 1
            else:
                statuses[(await api.get(f"/r/{slug}")).status_code] += 1
            await asyncio.sleep(0.05)

    workers = [asyncio.create_task(load(worker)) for worker in range(3)]
    env = {**os.environ, "KITH_DATA_DIR": str(product.folder)}
    command = await asyncio.create_subprocess_exec(sys.executable, "-m", "services", "split", "restart", env=env)
    assert await command.wait() == 0
    going = False
    await asyncio.gather(*workers)
    assert set(statuses) == {202, 302}
    after = _replica_pids(product)
    assert not before & after


async def _order(api: httpx.AsyncClient, order_id: str, *, code: str | None = None) -> int:
    order = {
        "order_id": order_id,
        "placed_at": datetime.now(UTC).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 4200,
        "subtotal_minor": 4200,
        "customer": {"email": f"{order_id}@example.com"},
        "codes": [code] if code else [],
    }
    return (await api.post("/v1/orders", json=order)).status_code


async def _code(api: httpx.AsyncClient) -> str:
    return str((await api.get("/v1/codes")).json()["data"][0]["code"])


def _replica_pids(product: Product) -> set[int]:
    return {product.pid(f"{name}-{number}") for name in SERVICES for number in (1, 2)}


def _new_pid(product: Product, name: str, old: int) -> bool:
    try:
        return product.pid(name) != old
    except FileNotFoundError:
        return False
