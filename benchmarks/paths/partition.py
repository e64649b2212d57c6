"""Split mode: a quiet store whose events lie in the same partitions as a busy store's. How long its orders wait."""

import asyncio

from aiokafka.partitioner import murmur2

from benchmarks.feed import feed, shaped
from benchmarks.lab import Lab
from benchmarks.paths.neighbour import TIMES, WORST_RATIO, Seen, in_ms, meanwhile, quantile, steadily, watch
from benchmarks.paths.pipeline import all_services
from benchmarks.report import Line
from benchmarks.stage import LIMITED, Stage, Store, until


async def partition(lab: Lab) -> None:
    """Alone first, then beside ten times its orders all the time, then also beside a burst of thousands at one moment.

    A process for each service. Every topic of the way from an order to its reward has the store as its key, so that two
    stores which meet in one meet in all.
    """
    size, stage = lab.size, await lab.on_kafka()
    await all_services(stage)
    links, attribution = (stage.running[name][0][0] for name in ("links", "attribution"))
    ports = links, attribution
    (busy,) = await stage.stores(links, 1, ambassadors=max(20, size.people // 10), program=LIMITED)
    quiet = await _in_its_partition(stage, links, busy)
    await _burst(stage, busy, size.events, size.templates)
    alone, beside, bursting = Seen(), Seen(), Seen()
    await watch(stage, ports, quiet, alone, until=asyncio.create_task(asyncio.sleep(size.latency_s)))
    lab.tick()
    async with meanwhile(steadily(stage, busy, size.templates)):
        await watch(stage, ports, quiet, beside, until=asyncio.create_task(asyncio.sleep(size.latency_s)))
        lab.tick()
        async with meanwhile(_burst(stage, busy, size.events, size.templates)) as burst:
            await watch(stage, ports, quiet, bursting, until=burst)
            await burst
    lab.tick()
    lab.report.lines += [
        _line(f"beside a store with {TIMES} times its orders", alone, beside, WORST_RATIO),
        _line(f"the same, and a burst of {size.events:,} besides, until it is counted", alone, bursting, None),
    ]


async def _in_its_partition(stage: Stage, port: int, other: Store) -> Store:
    """A store whose events go where another's go: the first of several that are made."""
    while True:
        (store,) = await stage.stores(port, 1, ambassadors=20)
        if _partition(stage, store) == _partition(stage, other):
            return store


def _partition(stage: Stage, store: Store) -> int:
    """As the bus chooses it."""
    return int(murmur2(store.id.encode()) & 0x7FFFFFFF) % stage.settings.kafka_partitions


async def _burst(stage: Stage, store: Store, count: int, customers: int) -> None:
    """So many orders become visible at one commit; ends when all of the store's orders are counted."""
    await feed(stage, [store], shaped(stage, store, count, customers=customers))
    async with stage.connected() as connection:
        there = "select count(distinct order_id) from attribution.order_facts where store_id = $1"
        wanted = await connection.fetchval(there, store.id)

        async def counted() -> bool:
            query = "select count(*) from analytics.orders where store_id = $1"
            return bool(await connection.fetchval(query, store.id) >= wanted)

        await until(counted, within=600, every=0.1)


def _line(beside: str, alone: Seen, found: Seen, most: float | None) -> Line:
    ratio = quantile(found.rewards, 0.95) / quantile(alone.rewards, 0.95)
    calls = "; ".join(f"{name}: p95 {in_ms(times, 0.95)}" for name, times in found.calls.items())
    return Line(
        f"split, Kafka, a quiet store's order → reward in the same partition, {beside}",
        f"alone: p50 {in_ms(alone.rewards, 0.5)}, p95 {in_ms(alone.rewards, 0.95)}",
        f"p50 {in_ms(found.rewards, 0.5)}, p95 {in_ms(found.rewards, 0.95)} of {len(found.rewards)} orders; {calls}",
        f"p95 {ratio:.1f} times",
        "–" if most is None else f"≤ {most} times",
        None if most is None else ratio <= most,
    )
