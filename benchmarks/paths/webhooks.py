"""Webhooks out: how many one worker delivers beside 50 endpoints that hang, what one costs it, and a day's outage."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from statistics import median
from time import process_time

import httpx
import orjson

import contracts
from benchmarks.lab import Lab
from benchmarks.measure import Comparison, Sample, alternate, spread
from benchmarks.report import Line
from benchmarks.stage import Stage, until
from contracts.events.conversions import ConversionAttributed
from services.common.scopes import SCOPES
from services.connectors.endpoints.actions import manage, notify
from services.connectors.endpoints.actions.again import sample
from services.connectors.endpoints.work import PER_ENDPOINT, TASK_KINDS
from services.kernel import telemetry
from services.kernel.auth.sealing import Sealing
from services.kernel.bus.port import Event
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.ids import new_id
from services.kernel.live import LiveState
from services.kernel.outbound import Outbound
from services.kernel.work.worker import Worker

HANGING = 50
WAITING_THERE = 20
STORE = "str_bench"
OTHERS = [f"str_hang_{number}" for number in range(HANGING)]
LEAST_RATIO = 0.1
"""The bare loop keeps its connections and posts one body; ours claims, reads, checks the address, connects, signs and
notes each.
"""
LOOPBACK = (ip_network("127.0.0.0/8"),)
STEPS = 12
"""In which the clock goes through the day of the outage."""


async def send(lab: Lab) -> None:
    """The same number of requests on both sides, as many at a time; ours beside the endpoints that hang."""
    telemetry.set_up_logs("warning")
    stage = await lab.stage.beside("webhooks")
    count = lab.size.webhooks
    with _receiver() as port:
        async with _context(stage) as ctx:
            await _endpoint(ctx, STORE, f"http://127.0.0.1:{port}/kith")
            for store in OTHERS:
                await _endpoint(ctx, store, f"http://127.0.0.1:{port}/hang")
            found = await alternate(_bare(port, count), _ours(ctx, count), rounds=lab.size.rounds, tick=lab.tick)
            lab.report.lines += [_line(found), await _outage(ctx, port, count)]
            lab.tick()


def _line(found: Comparison) -> Line:
    bare, ours = (median(s.cpu_us for s in side) for side in (found.baseline, found.ours))
    rate, own = (median(s.work / s.wall_s for s in side) for side in (found.baseline, found.ours))
    return Line(
        f"webhooks, one worker to a server on this machine beside {HANGING} that hang; the worker's CPU for one",
        f"httpx in a bare loop, one unsigned body, connections kept: {bare:.0f} µs, {rate:.0f}/s",
        f"{ours:.0f} µs, {own:.0f}/s: claimed, signed, sent, noted",
        spread(found.ratios),
        f"≥ {LEAST_RATIO}",
        median(found.ratios) >= LEAST_RATIO,
    )


def _bare(port: int, count: int) -> Callable[[], Awaitable[Sample]]:
    """As the client's guide shows it: one client, as many at a time as an endpoint of ours is called."""
    body = sample("order.attributed", datetime.now(UTC))

    async def once() -> Sample:
        gate = asyncio.Semaphore(PER_ENDPOINT)
        async with httpx.AsyncClient() as client:

            async def one() -> None:
                async with gate:
                    await client.post(f"http://127.0.0.1:{port}/bare", content=body)

            began, before = time.perf_counter(), process_time()
            await asyncio.gather(*(one() for _ in range(count)))
            return Sample(work=count, cpu_s=process_time() - before, wall_s=time.perf_counter() - began)

    return once


def _ours(ctx: Context, count: int) -> Callable[[], Awaitable[Sample]]:
    """What waits is written before; then one worker begins, and ends when the endpoint that answers has all."""

    async def once() -> Sample:
        async with ctx.db.transaction() as tx:
            await tx.execute("delete from work_lanes")  # those that hung in the round before hang again
        await _write(ctx, OTHERS, WAITING_THERE)
        await _write(ctx, [STORE], count)
        worker = Worker(ctx, TASK_KINDS)
        began, before = time.perf_counter(), process_time()
        worker.start()
        await until(lambda: _none_waits(ctx.db), within=600, every=0.1)
        done = Sample(work=count, cpu_s=process_time() - before, wall_s=time.perf_counter() - began)
        await worker.stop(within_s=0)
        return done

    return once


async def _outage(ctx: Context, port: int, count: int) -> Line:
    """An endpoint is away for a day, while all of this is to be sent; then it answers, and what waits is drained."""
    async with ctx.db.transaction([STORE, *OTHERS]) as tx:
        for table in ("work_tasks", "work_lanes", "tries", "sendings", "messages", "endpoint_secrets", "endpoints"):
            await tx.execute(f"delete from {table}")
    await _endpoint(ctx, STORE, f"http://127.0.0.1:{port}/down")
    await _write(ctx, [STORE], count)
    worker = Worker(ctx, TASK_KINDS)
    worker.start()
    for _ in range(STEPS):
        before = await _tries(ctx.db)
        await _move(ctx.db, timedelta(days=1) / STEPS)
        await until(lambda before=before: _more(ctx.db, before), within=120, every=0.1)  # type: ignore[misc]
    async with httpx.AsyncClient() as client:
        await client.post(f"http://127.0.0.1:{port}/mend")
    began = time.perf_counter()
    await _move(ctx.db, timedelta(hours=13))  # the longest wait of what was tried
    await until(lambda: _none_waits(ctx.db), within=600, every=0.1)
    took = time.perf_counter() - began
    await worker.stop(within_s=0)
    async with ctx.db.transaction([STORE]) as tx:
        row = await tx.one(
            "select max(tries) as most, count(*) filter (where state <> 'delivered') as lost from sendings"
        )
    return Line(
        f"a day's outage of one endpoint, {count} deliveries that came on its first day",
        "–",
        f"all drained in {took:.1f} s once it answers, {count / took:.0f}/s, after at most {row.most} of 8 tries",
        "–",
        "none lost",
        row.lost == 0,
    )


async def _endpoint(ctx: Context, store: str, url: str) -> None:
    async with ctx.db.transaction([store]) as tx:
        await manage.create(tx, ctx, store, url=url, events=["order.attributed"])


async def _write(ctx: Context, stores: Sequence[str], count: int) -> None:
    """So many events for each of these stores, as the consumer takes them."""
    example = Path(contracts.__file__).parent / "examples" / ConversionAttributed.TYPE / "first.json"
    data = orjson.loads(example.read_bytes())
    async with ctx.db.transaction(stores) as tx:
        events = [
            Event(
                id=new_id("evt"),
                type=ConversionAttributed.TYPE,
                at=tx.now,
                store_id=store,
                data=ConversionAttributed.model_validate(data | {"store_id": store}),
            )
            for store in stores
            for _ in range(count)
        ]
        await notify.take(tx, events)


async def _none_waits(db: Database) -> bool:
    async with db.transaction([STORE]) as tx:
        return bool(await tx.scalar("select not exists (select from sendings where state = 'waiting')"))


async def _tries(db: Database) -> int:
    async with db.transaction([STORE]) as tx:
        return int(await tx.scalar("select count(*) from tries"))


async def _more(db: Database, before: int) -> bool:
    return await _tries(db) > before


async def _move(db: Database, by: timedelta) -> None:
    """Sets the world's clock ahead."""
    async with db.transaction() as tx:
        await tx.execute(
            "insert into clock (offset_seconds, revision) values (:by, 1) on conflict (one) do update"
            " set offset_seconds = clock.offset_seconds + excluded.offset_seconds",
            by=int(by.total_seconds()),
        )


@asynccontextmanager
async def _context(stage: Stage) -> AsyncIterator[Context]:
    """The service, let to this machine."""
    db = Database(stage.database_url, schema="connectors")
    ring = stage.settings.key_ring(SCOPES)
    ctx = Context(
        service="connectors",
        settings=stage.settings.model_copy(update={"outbound_allow": LOOPBACK}),
        db=db,
        ring=ring,
        live=LiveState(db),
        sealing=Sealing("b1:the-keys-of-the-benchmarks-0123456789", before=ring),
        outbound=Outbound(allow=LOOPBACK),
    )
    try:
        yield ctx
    finally:
        await db.close()


@contextmanager
def _receiver() -> Iterator[int]:
    """The receiver's port, in a process of its own: what it costs is nobody's."""
    child = subprocess.Popen([sys.executable, "-m", "benchmarks.receiver"], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        yield int(child.stdout.readline())
    finally:
        child.terminate()
        child.wait(timeout=10)
