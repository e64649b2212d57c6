"""The split product on real Kafka and PostgreSQL, as a person starts it: many processes that answer as one, come back
when killed, and are hurt in every way that one machine allows, under load.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.cli.names import NAMES
from tests.faults.history import History, side_by_side
from tests.faults.inside import dead_letters, operators_find_it_whole
from tests.faults.neighbours import beside_a_flood, p50, p95
from tests.support import command_line
from tests.support.metrics import unread
from tests.support.product import Product, running
from tests.support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(900)]

KILLED_AT = {
    **{f"{service}:consume.before_commit": 7 for service in ("attribution", "rewards", "analytics")},
    **{f"{service}:consume.after_commit": 6 for service in ("attribution", "rewards", "analytics")},
    **{f"{service}:consume.before_offset_commit": 5 for service in ("attribution", "rewards", "analytics")},
    "links:relay.after_send": 6,
    "attribution:relay.after_send": 20,
    "rewards:relay.after_send": 8,
    "orders.before_commit": 40,
    "orders.after_commit": 70,
    "batch.after_write": 110,
    "spool.append": 60,
    "spool.before_commit": 12,
    "spool.after_commit": 17,
}
"""Failpoints at which a process dies once, of the services named, and at which of its hits."""
PACE_S = 0.05
"""Between two requests of one caller: many enough to meet a fault, few enough to leave the machine to those that it
hits. Everything that was asked is looked at by each scenario that follows.
"""


@dataclass(frozen=True)
class Stage:
    """The running product and where its failpoints leave their marks."""

    product: Product
    http: httpx.AsyncClient
    marks: Path
    begin: Path
    """The file with which failpoints begin to count."""

    async def store(self) -> History:
        """A store of its own for a scenario."""
        return await History.begin(self.http, self.product.operator_key)


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One split product for all scenarios; it must be well again after each."""
    folder = tmp_path_factory.mktemp("faults")
    marks = folder / "marks"
    env = {
        "KITH_FAILPOINTS": ",".join(f"{name}=kill@{count}" for name, count in KILLED_AT.items()),
        "KITH_FAILPOINTS_ONCE": str(marks),
        "KITH_FAILPOINTS_WHEN": str(folder / "begin"),
    }
    async with (
        running("split", folder / "kith", env=env) as product,
        httpx.AsyncClient(base_url=product.url, timeout=20) as http,
    ):
        yield Stage(product, http, marks, folder / "begin")


@pytest.fixture
async def api(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """The demo store's server."""
    headers = {"Authorization": f"Bearer {stage.product.reported['secret_key']}"}
    async with httpx.AsyncClient(base_url=stage.product.url, headers=headers, timeout=60) as client:
        yield client


async def test_the_product_answers_as_one(api: httpx.AsyncClient) -> None:
    ready = (await api.get("/readyz")).json()
    assert ready["status"] == "ready"
    assert {name: sorted(replicas) for name, replicas in ready["services"].items()} == {
        name: [f"{name}-1", f"{name}-2"] for name in NAMES
    }
    alive = (await api.get("/livez")).json()
    assert all(alive["children"].values())
    assert {"postgres", "kafka", "caddy", "shop"} < set(alive["children"])
    paths = (await api.get("/openapi.json")).json()["paths"]
    assert {"/v1/links", "/v1/orders", "/v1/rewards", "/v1/metrics"} <= set(paths)
    families = text_string_to_metric_families((await api.get("/metrics")).text)
    replicas = {sample.labels.get("replica") for family in families for sample in family.samples}
    assert replicas == {f"{name}-{number}" for name in NAMES for number in (1, 2)} | {
        *("links-work-1", "connectors-work-1", "rewards-work-1"),
    }


async def test_an_order_becomes_rewards_across_the_processes(api: httpx.AsyncClient, stage: Stage) -> None:
    code = await _code(api)
    await _order(api, "split-1", code)

    async def rewards() -> list[object]:
        answer = await api.get("/v1/rewards", params={"order_id": "split-1"})
        return list(answer.json()["data"]) if answer.is_success else []

    # The demo's friend is served at the checkout.
    assert len(await until(rewards, within=180, every=0.3, what="the ambassador's reward")) == 1


async def test_everything_that_alerts_read_is_in_one_exposition(api: httpx.AsyncClient) -> None:
    async def all_is_reported() -> bool:
        return not unread((await api.get("/metrics")).text)

    await until(all_is_reported, within=60, every=0.3, what="a sample of every metric that an alert reads")


async def test_killed_processes_come_back(api: httpx.AsyncClient, stage: Stage) -> None:
    names = ("rewards-1", "links-2", "caddy")
    before = {name: stage.product.pid(name) for name in names}
    for name in names:
        stage.product.kill(name)
    for name in names:
        await until(partial(_new_pid, stage.product, name, before[name]), within=180, what=f"{name} is back")

    async def all_ready() -> bool:
        try:
            document = (await api.get("/readyz")).json()
        except (httpx.HTTPError, ValueError):
            return False
        return all(
            r.get("status") == "ready" for group in document.get("services", {}).values() for r in group.values()
        )

    await until(all_ready, within=180, every=0.5, what="every replica is ready")


async def _order(api: httpx.AsyncClient, order_id: str, code: str) -> None:
    order = {
        "order_id": order_id,
        "placed_at": datetime.now(UTC).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 4200,
        "subtotal_minor": 4200,
        "customer": {"email": f"{order_id}@example.com"},
        "codes": [code],
    }
    assert (await api.post("/v1/orders", json=order)).status_code == 202


async def _code(api: httpx.AsyncClient) -> str:
    return str((await api.get("/v1/codes")).json()["data"][0]["code"])


def _new_pid(product: Product, name: str, old: int) -> bool:
    try:
        return product.pid(name) != old
    except FileNotFoundError:
        return False


async def all_is_well(stage: Stage, history: History, *, within: float = 300) -> None:
    """Every acknowledged order is rewarded as the model says, once; the books balance; nothing was put aside."""

    async def rewarded() -> bool:
        return await history.rewards() == history.expected()

    await until(rewarded, within=within, every=1, what="the rewards that the history asks for")
    assert await history.out_of_balance() == 0

    async def counted() -> bool:
        return history.clicks <= await history.counted_clicks() <= history.clicks + history.clicks_unknown

    await until(counted, within=within, every=0.5, what="every click counted, once")
    assert await dead_letters(stage.product) == 0
    await operators_find_it_whole(stage.product)


async def load(history: History, name: str, *, until_done: asyncio.Event, reading: bool = False) -> tuple[int, int]:
    """Orders and clicks, until told to stop; how many of each were asked for. With `reading`, of other services too."""
    asked = [0, 0]

    async def ordering(worker: int) -> None:
        while not until_done.is_set():
            number = asked[0]
            asked[0] += 1
            await history.order(f"{name}-{worker}-{number}", number)
            await asyncio.sleep(PACE_S)

    async def clicking() -> None:
        while not until_done.is_set():
            asked[1] += 1
            await history.click(asked[1])
            await asyncio.sleep(PACE_S)

    async def looking() -> None:
        looks = 0
        while reading and not until_done.is_set():
            await history.look(looks)
            looks += 1
            await asyncio.sleep(PACE_S)

    await asyncio.gather(ordering(0), ordering(1), clicking(), clicking(), looking())
    return asked[0], asked[1]


async def under_load(
    history: History, name: str, fault: asyncio.Task[None], *, reading: bool = False
) -> tuple[int, int]:
    """Load from before the fault until a moment after it has passed."""
    done = asyncio.Event()

    def end(_: object) -> None:
        done.set()

    fault.add_done_callback(end)
    asked = await load(history, name, until_done=done, reading=reading)
    await fault
    return asked


async def test_a_thousand_orders_survive_kills_at_every_failpoint(stage: Stage) -> None:
    history = await stage.store()
    reported = 0

    def missed() -> set[str]:
        return set(KILLED_AT) - {mark.name for mark in stage.marks.iterdir()}

    async def caught_up() -> bool:
        return await history.rewarded(f"k-{reported - 1}")

    async def report(count: int) -> int:
        orders = (history.order(f"k-{n}", n, tries=200) for n in range(reported, reported + count))
        clicks = (history.click(n) for n in range(reported, reported + 100))
        await asyncio.gather(side_by_side(orders), side_by_side(clicks, at_once=2))
        return count

    stage.marks.mkdir(exist_ok=True)
    stage.begin.touch()
    while reported < 1000:
        reported += await report(250)
    # Who comes back from a kill takes all that has gathered in one batch. Failpoints count batches: where some were not
    # reached, a little at a time is reported, and each time it is waited for.
    while missed() and reported < 2500:
        reported += await report(25)
        await until(caught_up, within=180, every=0.2, what="the rewards of what came last")
    assert len(history.acked) == reported
    await side_by_side(history.refund_all(f"k-{n}") for n in range(0, reported, 20))
    await all_is_well(stage, history)
    assert not missed(), "a fault missed"


async def test_a_broker_that_is_away_stops_neither_links_nor_orders(stage: Stage) -> None:
    history = await stage.store()
    away_s = 20.0

    async def fault() -> None:
        stage.product.hold("kafka")
        stage.product.kill("kafka")
        await asyncio.sleep(away_s)
        stage.product.release("kafka")

    orders, clicks = await under_load(history, "b", asyncio.create_task(fault()))
    assert orders > 50
    assert clicks > 50
    assert not history.refused, history.refusals
    await all_is_well(stage, history)


async def test_a_database_that_restarts_costs_no_click_and_no_false_answer(stage: Stage) -> None:
    history = await stage.store()
    for replica in ("links-1", "links-2"):  # each knows the links, whichever of them the gateway asks
        address = stage.product.address(replica)
        assert all([await history.click(number, at=address) for number in range(len(history.slugs))])

    async def fault() -> None:
        stage.product.hold("postgres")
        os.kill(stage.product.pid("postgres"), signal.SIGINT)
        await asyncio.sleep(12)  # longer than the gateway looks for a replica that takes a request
        stage.product.release("postgres")

        async def back() -> bool:
            return (await stage.http.get("/readyz")).is_success

        await until(back, within=120, what="a product that is ready again")

    orders, clicks = await under_load(history, "d", asyncio.create_task(fault()))
    assert min(orders, clicks) > 20, "hardly any load"
    assert history.refused.get(503, 0) > 0, "the fault missed"
    assert set(history.refused) == {503}
    assert history.without_retry_after == 0
    assert history.clicks_unknown == 0, "\n".join(history.refusals)
    await all_is_well(stage, history)


async def test_a_rolling_restart_fails_no_request(stage: Stage) -> None:
    history = await stage.store()
    await until(history.known_everywhere, within=60, what="the store known to all services")
    replicas = [f"{name}-{n}" for name in NAMES for n in (1, 2)]
    before = {name: stage.product.pid(name) for name in replicas}

    async def fault() -> None:
        env = {**os.environ, "KITH_DATA_DIR": str(stage.product.folder)}
        status, _, complaints = await command_line.run("split", "restart", env=env)
        assert status == 0, complaints
        assert all(stage.product.pid(name) != before[name] for name in replicas)

        async def ready() -> bool:
            return (await stage.http.get("/readyz")).is_success

        await until(ready, within=60, what="a product that is ready")

    started = time.monotonic()
    orders, clicks = await under_load(history, "r", asyncio.create_task(fault()), reading=True)
    assert time.monotonic() - started > 1
    assert min(orders, clicks) > 20, "hardly any load"
    assert not history.refused, history.refusals
    await all_is_well(stage, history)


async def test_a_flooded_store_does_not_hold_up_its_neighbour(stage: Stage) -> None:
    # The last: each of the others has everything decided again, and for a walk-in of thousands that takes minutes.
    found = await beside_a_flood(stage.product, stage.http, orders=40, walk_in=2000)
    assert found.reports[202] > 400, "the flood missed"
    assert found.orders > 40, "the flood missed"
    # A blocked neighbour waits seconds for every order. A busy machine takes some times longer, and at times seconds,
    # when all of the walk-in's orders are decided again.
    assert p50(found.flooded) < 2 + 4 * p50(found.alone)
    assert p95(found.flooded) < 10 + 4 * p95(found.alone)
    assert found.late < 0.5
    assert await dead_letters(stage.product) == 0
