"""A quiet store beside a busy one, all services in one process: how long its orders and its friends wait."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter

import httpx

from benchmarks.feed import feed, shaped
from benchmarks.lab import Lab
from benchmarks.paths.growth import PAST, reported
from benchmarks.paths.pipeline import all_services
from benchmarks.report import Line
from benchmarks.stage import LIMITED, Stage, Store
from services.kernel.db import Database
from services.rewards.verification.actions import verify

A_SECOND = 5
"""Orders of the quiet store, and calls of each kind that are timed."""
TIMES = 10
"""So many times as many has the busy one, all the time."""
WORST_RATIO, P95_MS, P99_MS = 2, 100, 500
_REWARDED = "select distinct order_id from rewards.rewards where store_id = $1 and order_id = any($2)"


@dataclass(slots=True)
class Seen:
    """Seconds that the quiet store's orders waited for their reward, and that calls of each kind took."""

    rewards: list[float] = field(default_factory=list)
    calls: dict[str, list[float]] = field(default_factory=dict)


async def neighbour(lab: Lab) -> None:
    """Alone first. Then beside a store that has ten times as many orders all the time. Then beside one that has also,
    one after the other, a burst of thousands, thousands of one customer told late, thousands that settle at once, and
    an audit of its books: that is more than the process can do, and both have their share of it.
    """
    size = lab.size
    stage = await lab.stage.beside("neighbour")
    port, _ = await all_services(stage)
    (quiet,) = await stage.stores(port, 1, ambassadors=20)
    (busy,) = await stage.stores(port, 1, ambassadors=max(20, size.people // 10), program=LIMITED)
    await reported(stage, busy, shaped(stage, busy, size.walk_in, customers=1, customer="walk-in", ago=PAST))
    alone = Seen()
    await watch(stage, (port, port), quiet, alone, until=asyncio.create_task(asyncio.sleep(size.latency_s)))
    lab.tick()
    beside, bursting = Seen(), Seen()
    async with meanwhile(steadily(stage, busy, size.templates)):
        await watch(stage, (port, port), quiet, beside, until=asyncio.create_task(asyncio.sleep(size.latency_s)))
        lab.tick()
        async with meanwhile(_bursts(stage, busy, size.events, size.templates)) as burst:
            await watch(stage, (port, port), quiet, bursting, until=burst)
            await burst
    lab.tick()
    lab.report.lines += _lines(alone, beside, bursting, size.events)


@asynccontextmanager
async def meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator["asyncio.Task[None]"]:
    """Work that goes on during the block, and ends with it at the latest."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def steadily(stage: Stage, store: Store, customers: int) -> None:
    """The busy store's orders, without an end."""
    while True:
        await feed(stage, [store], shaped(stage, store, A_SECOND * TIMES // 5, customers=customers))
        await asyncio.sleep(0.2)


async def _bursts(stage: Stage, store: Store, count: int, customers: int) -> None:
    await reported(stage, store, shaped(stage, store, count, customers=customers))
    await reported(stage, store, shaped(stage, store, count, customers=1, customer="walk-in"))
    await reported(stage, store, shaped(stage, store, count, customers=customers, ago=PAST))
    db = Database(stage.database_url, schema="rewards", pool_size=1)
    try:
        async with db.transaction([store.id], snapshot=True) as tx:
            if not (report := await verify(tx, store.id)).whole:
                raise RuntimeError(f"the books of the busy store do not add up: {report.findings}")
    finally:
        await db.close()


async def watch(stage: Stage, ports: tuple[int, int], store: Store, seen: Seen, *, until: "asyncio.Task[None]") -> None:
    """Orders and other calls of the quiet store, at an even pace, as long as something lasts, and until all of its
    orders have their reward. `ports` are those of links and of attribution.
    """
    accepted: dict[str, float] = {}
    links, attribution = (f"http://127.0.0.1:{port}" for port in ports)
    async with httpx.AsyncClient(timeout=60) as client, stage.connected() as connection:
        calls = {
            "the redirect": lambda: client.get(f"{links}/r/{store.slugs[0]}"),
            "`/livez`": lambda: client.get(f"{attribution}/livez"),
            "the order call": lambda: _order(client, attribution, store, accepted),
        }
        running: set[asyncio.Task[None]] = set()
        due = perf_counter()
        while not until.done() or accepted:
            if not until.done() and perf_counter() >= due:
                due += 1 / A_SECOND
                for name, call in calls.items():
                    task = asyncio.create_task(_timed(call, seen.calls.setdefault(name, [])))
                    running.add(task)
                    task.add_done_callback(running.discard)
            found = await connection.fetch(_REWARDED, store.id, list(accepted))
            seen.rewards += [perf_counter() - accepted.pop(row["order_id"]) for row in found]
            await asyncio.sleep(0.01)
        await asyncio.gather(*running)


async def _order(
    client: httpx.AsyncClient, attribution: str, store: Store, accepted: dict[str, float]
) -> httpx.Response:
    body = {
        "order_id": secrets.token_hex(6),
        "placed_at": datetime.now(UTC).isoformat(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5090,
        "customer": {"id": secrets.token_hex(6)},
        "codes": [store.codes[0]],
    }
    headers = {"Authorization": f"Bearer {store.secret_key}"}
    answer = await client.post(f"{attribution}/v1/orders", json=body, headers=headers)
    accepted[str(body["order_id"])] = perf_counter()
    return answer


async def _timed(call: Callable[[], Awaitable[httpx.Response]], times: list[float]) -> None:
    began = perf_counter()
    answer = await call()
    times.append(perf_counter() - began)
    if answer.status_code >= 400:
        raise RuntimeError(f"{answer.request.url} answered {answer.status_code}")


def _lines(alone: Seen, beside: Seen, bursting: Seen, count: int) -> list[Line]:
    ratio = quantile(beside.rewards, 0.95) / quantile(alone.rewards, 0.95)
    bursts = f"bursts of {count:,}, as many of one customer told late, as many that settle, and an audit"
    before = "; ".join(f"{name}: p95 {in_ms(times, 0.95)}" for name, times in alone.calls.items())
    latencies = "; ".join(f"{name}: p95 {in_ms(t, 0.95)}, p99 {in_ms(t, 0.99)}" for name, t in bursting.calls.items())
    worst = [max(quantile(times, share) for times in bursting.calls.values()) * 1000 for share in (0.95, 0.99)]
    return [
        Line(
            f"a quiet store's order → reward, one process, beside a store with {TIMES} times its orders",
            f"alone: p50 {in_ms(alone.rewards, 0.5)}, p95 {in_ms(alone.rewards, 0.95)}",
            f"p50 {in_ms(beside.rewards, 0.5)}, p95 {in_ms(beside.rewards, 0.95)} of {len(beside.rewards)} orders",
            f"p95 {ratio:.1f} times",
            f"≤ {WORST_RATIO} times",
            ratio <= WORST_RATIO,
        ),
        Line(
            f"the same while the other has besides {bursts}: more than the process can do at once",
            f"alone: p50 {in_ms(alone.rewards, 0.5)}, p95 {in_ms(alone.rewards, 0.95)}",
            f"p50 {in_ms(bursting.rewards, 0.5)}, p95 {in_ms(bursting.rewards, 0.95)}"
            f" of {len(bursting.rewards)} orders",
            "–",
            "–",
            None,
        ),
        Line(
            "the quiet store's calls meanwhile",
            f"alone: {before}",
            latencies,
            "–",
            f"p95 ≤ {P95_MS} ms, p99 ≤ {P99_MS} ms",
            worst[0] <= P95_MS and worst[1] <= P99_MS,
        ),
    ]


def quantile(times: Sequence[float], share: float) -> float:
    """Seconds within which this share of them was."""
    return sorted(times)[int(share * (len(times) - 1))]


def in_ms(times: Sequence[float], share: float) -> str:
    """The same in words."""
    return f"{quantile(times, share) * 1000:.0f} ms"
