"""What a user of the whole product sees: a click's way to a number, an order's way to a reward, memory, readiness."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg
import httpx

from benchmarks.lab import Lab
from benchmarks.load import drive
from benchmarks.measure import Sample, cpu_s, pss_mb
from benchmarks.paths.http import clicks, micros, order_calls
from benchmarks.paths.pipeline import SERVICES
from benchmarks.report import Line
from benchmarks.stage import Stage, Store, until
from services.cli.local import process

ORDERS_PER_SECOND = 50
MOST_PSS_MB = 350


async def click(lab: Lab) -> None:
    """A click's whole way: redirect, spool, outbox, bus, roll-up; the CPU of every process that has a part in it."""
    hot, size = await lab.hot(), lab.size
    pids = [hot.siblings[0][1], hot.links[1], hot.analytics[1]]
    rounds = range(size.rounds + 1)
    samples = [await _clicked(lab.stage, hot.store, hot.links[0], pids, size.seconds) for _ in rounds][1:]
    lab.tick()
    waits = median(s.p50_ms for s in samples)
    text = f"{micros(samples)}; all counted {waits:.0f} ms after the last answer"
    lab.report.lines.append(Line("a click's whole way to a counted roll-up, log", "–", text, "–"))


async def _clicked(stage: Stage, store: Store, port: int, pids: list[int], seconds: float) -> Sample:
    async with stage.connected() as watch:
        query = "select coalesce(sum(clicks), 0) from analytics.daily where store_id = $1"
        goal = await _at_rest(watch, query, store.id)
        before, store_before = cpu_s(pids), cpu_s(stage.postgres_pids())
        answered = await drive(port, clicks(store), connections=32, seconds=seconds)
        last, goal = perf_counter(), goal + answered.requests
        await until(lambda: _reaches(watch, query, store.id, goal), within=120)
        return Sample(
            work=answered.requests,
            cpu_s=cpu_s(pids) - before,
            store_cpu_s=cpu_s(stage.postgres_pids()) - store_before,
            p50_ms=(perf_counter() - last) * 1000,
        )


async def _at_rest(watch: asyncpg.Connection, query: str, store: str) -> int:
    """The count once it stands still: clicks of an earlier benchmark may still be on their way."""
    count = -1
    while (now := int(await watch.fetchval(query, store))) != count:
        count = now
        await asyncio.sleep(1)
    return count


async def _reaches(watch: asyncpg.Connection, query: str, store: str, goal: int) -> bool:
    return bool(await watch.fetchval(query, store) >= goal)


async def latency(lab: Lab) -> None:
    """Order accepted → reward readable: split mode on Kafka, a steady trickle."""
    stage = await lab.on_kafka()
    names = [name for name in SERVICES for _ in range(lab.size.replicas - len(stage.running.get(name, ())))]
    await asyncio.gather(*(stage.serve(name, KITH_INSTANCE=f"more{n}") for n, name in enumerate(names)))
    stores = await stage.stores(stage.running["links"][0][0], 5, ambassadors=4)
    port = stage.running["attribution"][0][0]
    accepted: dict[str, float] = {}
    seen: dict[str, float] = {}
    async with stage.connected() as watch:
        sending = asyncio.create_task(_trickle(port, stores, lab.size.latency_s, accepted))
        while not sending.done() or len(seen) < len(accepted):
            waiting = [order for order in accepted if order not in seen]
            query = "select distinct order_id from rewards.rewards where store_id = any($2) and order_id = any($1)"
            rows = await watch.fetch(query, waiting, [store.id for store in stores])
            now = perf_counter()
            seen.update({row["order_id"]: now for row in rows})
            await asyncio.sleep(0.01)
            if sending.done() and now - max(accepted.values()) > 60:
                raise TimeoutError("rewards did not come")
        await sending
    warm = list(accepted)[ORDERS_PER_SECOND:]  # the first second meets cold caches and an idle relay
    waits = sorted(seen[order] - accepted[order] for order in warm)
    p50, p95 = (waits[int(share * (len(waits) - 1))] for share in (0.5, 0.95))
    lab.tick()
    lab.report.lines.append(
        Line(
            f"order accepted → reward visible, split ({lab.size.replicas} of each service), Kafka,"
            f" {ORDERS_PER_SECOND} orders/s",
            "–",
            f"p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms of {len(waits)} orders",
            "–",
            "p95 ≤ 1 s",
            p95 <= 1,
        )
    )


async def _trickle(port: int, stores: list[Store], seconds: float, accepted: dict[str, float]) -> None:
    """Calls at an even pace, each on its own, however long an answer takes."""
    make = order_calls(stores)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:

        async def one(n: int) -> None:
            head, _, body = make(n).partition(b"\r\n\r\n")
            key = head.rpartition(b"Authorization: ")[2].decode()
            headers = {"Authorization": key, "Content-Type": "application/json"}
            answer = await client.post("/v1/orders", content=body, headers=headers)
            answer.raise_for_status()
            accepted[answer.json()["order_id"]] = perf_counter()

        started = perf_counter()
        calls = []
        for n in range(int(seconds * ORDERS_PER_SECOND)):
            await asyncio.sleep(max(0.0, started + n / ORDERS_PER_SECOND - perf_counter()))
            calls.append(asyncio.create_task(one(n)))
        await asyncio.gather(*calls)


async def product(lab: Lab) -> None:
    """`kith run` on an empty folder: until ready, at rest, and started again."""
    data = lab.folder / "product"
    environment = {**os.environ, "KITH_DATA_DIR": str(data), "KITH_PORT": str(process.free_port())}
    first, memory = await _start(environment, lab.size.idle_s)
    lab.tick()
    second, _ = await _start(environment, 0)
    lab.tick()
    for name, seconds, most in (("ready, first start", first, 10), ("ready, second start", second, 5)):
        lab.report.lines.append(Line(name, "–", f"{seconds:.1f} s", "–", f"≤ {most} s", seconds <= most))
    text = f"{memory:.0f} MB (PSS, PostgreSQL included)"
    target = f"≤ {MOST_PSS_MB} MB"
    lab.report.lines.append(Line("idle embedded product", "–", text, "–", target, memory <= MOST_PSS_MB))


async def _start(environment: Mapping[str, str], idle_s: float) -> tuple[float, float]:
    """Seconds until ready, and megabytes after so many idle seconds."""
    started = perf_counter()
    log = Path(environment["KITH_DATA_DIR"]).with_suffix(f".{secrets.token_hex(2)}.log")
    with log.open("wb") as output:  # a local file
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services", "run"), env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        async with httpx.AsyncClient() as client:

            async def ready() -> bool:
                if child.returncode is not None:
                    raise RuntimeError(f"kith run ended with {child.returncode}; see {log}")
                try:
                    return (await client.get(f"http://127.0.0.1:{environment['KITH_PORT']}/readyz")).is_success
                except httpx.TransportError:
                    return False

            await until(ready, within=120, every=0.02)
        seconds = perf_counter() - started
        await asyncio.sleep(idle_s)
        return seconds, pss_mb([child.pid, *_server(Path(environment["KITH_DATA_DIR"]))])
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
        await child.wait()


def _server(data: Path) -> list[int]:
    """PostgreSQL, which has a session of its own but is a child of the product all the same; never counted twice."""
    file = data / "postgres" / "postmaster.pid"
    return [int(file.read_text().splitlines()[0])] if file.exists() else []
