"""A consumer's promises, said once and held on both buses: nothing lost, poison put aside, others take over."""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiokafka.partitioner import murmur2

from contracts.events.tracking import VisitRecorded
from services.kernel import failpoints
from services.kernel.bus.port import Bus, Delivered, Event
from services.kernel.bus.topics import dead_letter_topic
from services.kernel.consume import Consumer
from services.kernel.db import Database, Tx
from services.kernel.relay import Relay
from services.kernel.service import Handler
from tests.support.pipes import Pipe
from tests.support.toy import remember, seen, toy_database, visit
from tests.support.wait import until


class World:
    """A store of the test's own, and ways to make and handle its events."""

    def __init__(self, pipe: Pipe, db: Database, bus: Bus) -> None:
        self.pipe, self.db, self.bus = pipe, db, bus
        self.store = f"str_{uuid.uuid4().hex}"
        self._consumers: list[Consumer] = []

    async def emit(self, *track_ids: str, store: str | None = None) -> None:
        async with self.db.transaction() as tx:
            for track_id in track_ids:
                tx.emit(visit(track_id, store=store or self.store))

    async def until_sent(self) -> None:
        async def sent() -> bool:
            async with self.db.transaction() as tx:
                return not await tx.scalar("select count(*) from outbox")

        await until(sent, what="an empty outbox")

    def consume(self, bus: Bus, *, member: str = "1", handle: Any = remember) -> Consumer:
        handlers = [Handler(events=(VisitRecorded,), handle=handle)]
        consumer = Consumer(self.db, bus, group=self.pipe.group, handlers=handlers, member=member)
        consumer.start()
        self._consumers.append(consumer)
        return consumer

    async def until_seen(self, *track_ids: str, store: str | None = None) -> None:
        async def all_there() -> bool:
            return set(track_ids) <= set(await seen(self.db, store or self.store))

        await until(all_there, within=60, what=f"{len(track_ids)} events handled")

    async def close(self) -> None:
        for consumer in self._consumers:
            await consumer.stop()


@pytest.fixture
async def world(pipe: Pipe) -> AsyncIterator[World]:
    async with toy_database(pipe.url) as db:
        bus = await pipe.connect()
        relay = Relay(db, bus, service="toy")
        relay.start()
        made = World(pipe, db, bus)
        yield made
        await made.close()
        await relay.stop()
    failpoints.configure("")


async def test_events_of_a_store_are_handled_in_order(world: World) -> None:
    world.consume(world.bus)
    names = [f"t{n:03}" for n in range(200)]
    for start in range(0, 200, 20):
        await world.emit(*names[start : start + 20])
    await world.until_seen(*names)
    assert await seen(world.db, world.store) == names


async def test_a_quiet_store_gets_its_share_though_ten_times_as_much_stands_before_it(world: World) -> None:
    quiet = _in_the_partition_of(world.store)
    busy_names, quiet_names = [f"b{n:04}" for n in range(3000)], [f"q{n:03}" for n in range(300)]
    batches: list[Counter[str]] = []

    async def note(tx: Tx, events: Sequence[Event[Any]]) -> None:
        batches.append(Counter(event.store_id for event in events))
        await remember(tx, events)

    await world.emit(*busy_names)
    await world.until_sent()
    await world.emit(*quiet_names, store=quiet)
    await world.until_sent()
    world.consume(world.bus, handle=note)
    await world.until_seen(*quiet_names, store=quiet)
    last = max(n for n, batch in enumerate(batches) if batch[quiet])
    # As many as its own, what was handled before it was read, and a batch's rest: far from all.
    assert sum(batch[world.store] for batch in batches[: last + 1]) <= 2000, batches
    await world.until_seen(*busy_names)
    assert await seen(world.db, world.store) == busy_names
    assert await seen(world.db, quiet) == quiet_names


def _in_the_partition_of(store: str) -> str:
    """Another store whose events stand in the same line, on Kafka with four partitions too."""

    def partition(key: str) -> int:
        return int(murmur2(key.encode()) & 0x7FFFFFFF) % 4

    while partition(other := f"str_{uuid.uuid4().hex}") != partition(store):
        continue
    return other


async def test_a_crash_before_the_commit_leaves_no_effect_and_delivers_again(world: World) -> None:
    failpoints.configure("consume.before_commit=raise")
    world.consume(world.bus)
    await world.emit("a")
    await world.until_seen("a")
    assert await seen(world.db, world.store) == ["a"]


async def test_a_crash_before_the_offset_is_committed_delivers_again(world: World) -> None:
    async def crash_once(tx: Tx, events: Sequence[Event[Any]]) -> None:
        # Not before it is handled: what other tests sent to the topic comes too, when it will.
        if any(event.store_id == world.store for event in events) and not await seen(world.db, world.store):
            failpoints.configure("consume.before_offset_commit=raise")
        await remember(tx, events)

    world.consume(world.bus, handle=crash_once)
    await world.emit("a")

    async def twice() -> bool:
        return (await seen(world.db, world.store)).count("a") == 2

    await until(twice, within=60)


async def test_poison_goes_to_the_dead_letter_topic_and_the_rest_flows(world: World) -> None:
    async def picky(tx: Tx, events: Sequence[Event[Any]]) -> None:
        if any(event.data.track_id == "bad" for event in events):
            raise ZeroDivisionError
        await remember(tx, events)

    world.consume(world.bus, handle=picky)
    await world.emit("a", "bad", "b")
    await world.until_seen("a", "b")
    reader = await world.bus.subscribe(
        group=f"{world.pipe.group}.reader", topics=[dead_letter_topic(world.pipe.group)], member="r"
    )
    found: list[Delivered] = []

    async def own() -> bool:
        found.extend(await reader.fetch(max_records=100, wait_s=0.2))
        return any(b'"bad"' in delivered.record.value for delivered in found)

    await until(own)
    await reader.close()
    (dead,) = (d for d in found if b'"bad"' in d.record.value)
    assert dead.record.key == world.store
    assert dead.record.headers["dlq_error"] == b"ZeroDivisionError"
    assert dead.record.headers["dlq_topic"] == b"kith.tracking"


async def test_when_one_member_stops_the_other_goes_on(world: World) -> None:
    first = world.consume(world.bus)
    second_bus = await world.pipe.connect()
    await world.emit("a")
    await world.until_seen("a")
    world.consume(second_bus, member="2")
    await first.stop()
    await world.emit("b")
    await world.until_seen("b")
