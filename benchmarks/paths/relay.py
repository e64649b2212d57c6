"""Outbox → Kafka: this process's own CPU for one event, in the client alone and in the relay as a whole."""

import asyncio
from collections.abc import Awaitable, Callable
from statistics import median
from time import process_time

from aiokafka import AIOKafkaProducer

from benchmarks.feed import attribution, facts
from benchmarks.lab import Lab
from benchmarks.measure import Comparison, Sample, alternate, spread
from benchmarks.report import Line
from benchmarks.stage import Stage, Store, until
from services.kernel.bus import envelope
from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.port import Record
from services.kernel.bus.topics import TopicSpec
from services.kernel.outbox import Outgoing, insert_outgoing
from services.kernel.relay import Relay

AT_ONCE = Relay.BATCH
MOST_US = 10
_TOPIC = "bench.relay"
"""Nobody listens to it."""


async def relay(lab: Lab) -> None:
    """The client by itself beside one `send` per event, which is what its guide shows; then the whole relay."""
    stage, size = await lab.on_kafka(), lab.size
    kafka = await lab.kafka()
    store = Store("str_bench", "", "", "prg_bench", [], ["CODE"])
    records = [
        Record(
            _TOPIC,
            f"{o.store_id}-{n % 50}",
            o.data,
            envelope.headers(
                event_id=o.event_id, type=o.type, source="/kith/bench", store_id=o.store_id, subject=o.subject,
                at=o.at, traceparent=None,
            ),
        )
        for n, o in enumerate(_events(stage, store, size.relayed))
    ]  # fmt: skip
    bus = KafkaBus(kafka.url, [TopicSpec(_TOPIC, keep_days=1)])
    await bus.start()
    producer = AIOKafkaProducer(bootstrap_servers=kafka.url, acks="all", enable_idempotence=True, linger_ms=5)
    await producer.start()
    found = await alternate(_each(producer, records), _batches(bus, records), rounds=size.rounds, tick=lab.tick)
    await producer.stop()
    whole = await _whole(stage, bus, size.relayed)
    await bus.stop()
    lab.tick()
    lab.report.lines += _lines(found, whole)


def _lines(found: Comparison, whole: Sample) -> list[Line]:
    ours = median(s.cpu_us for s in found.ours)
    return [
        Line(
            "relay → Kafka, the client's CPU for one event",
            f"aiokafka `send` for each: {median(s.cpu_us for s in found.baseline):.0f} µs",
            f"{ours:.1f} µs",
            spread(found.ratios),
            f"≤ {MOST_US} µs",
            ours <= MOST_US,
        ),
        Line("the whole relay: read the outbox, envelope, Kafka, delete", "–", f"{whole.cpu_us:.0f} µs", "–"),
    ]


def _each(producer: AIOKafkaProducer, records: list[Record]) -> Callable[[], Awaitable[Sample]]:
    async def once() -> Sample:
        before = process_time()
        for start in range(0, len(records), AT_ONCE):
            sent = [
                await producer.send(r.topic, key=r.key.encode(), value=r.value, headers=list(r.headers.items()))
                for r in records[start : start + AT_ONCE]
            ]
            await asyncio.gather(*sent)
        return Sample(work=len(records), cpu_s=process_time() - before)

    return once


def _batches(bus: KafkaBus, records: list[Record]) -> Callable[[], Awaitable[Sample]]:
    async def once() -> Sample:
        before = process_time()
        for start in range(0, len(records), AT_ONCE):
            await bus.publish(records[start : start + AT_ONCE])
        return Sample(work=len(records), cpu_s=process_time() - before)

    return once


def _events(stage: Stage, store: Store, count: int) -> list[Outgoing]:
    """Events of new orders, as they lie in the outbox."""
    return [
        Outgoing(f.event_id, _TOPIC, f.store_id, f.type, f.store_id, f.order_id, f.received_at, f.traceparent, f.body)
        for f in facts(stage, [store], count)
    ]


async def _whole(stage: Stage, bus: KafkaBus, count: int) -> Sample:
    """The relay in this process, over an outbox that is full. No service of this stage runs meanwhile."""
    store = Store("str_bench", "", "", "prg_bench", [], ["CODE"])
    async with attribution(stage) as db, stage.connected() as watch:
        outgoing = _events(stage, store, count)
        async with db.connection() as connection:
            await insert_outgoing(connection, outgoing)
        carrier = Relay(db, bus, service="attribution")
        before = process_time()
        carrier.start()

        async def empty() -> bool:
            return not await watch.fetchval("select exists (select from attribution.outbox)")

        await until(empty, within=120, every=0.1)
        used = process_time() - before
        await carrier.stop()
    return Sample(work=count, cpu_s=used)
