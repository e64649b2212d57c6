"""A broker that stops and comes back, also by force: nothing that was accepted is lost, and work goes on by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from contracts.events.tracking import VisitRecorded
from services.cli.local.kafka import Kafka
from services.common.topics import product_topics
from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.kafka_group import KafkaSubscription
from services.kernel.bus.port import BusUnavailable, Record
from services.kernel.bus.topics import dead_letter_topics
from services.kernel.consume import Consumer
from services.kernel.db import Database
from services.kernel.relay import Relay
from services.kernel.service import Handler
from tests.support.postgres import TestServer
from tests.support.toy import GROUP, remember, seen, toy_database, visit
from tests.support.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(300)]

TOPICS = (*product_topics(), *dead_letter_topics([GROUP]))


@pytest.fixture
async def db(postgres: TestServer, toy_template: str) -> AsyncIterator[Database]:
    url = await postgres.clone(toy_template)
    async with toy_database(url) as database:
        yield database
    await postgres.drop(url)


async def emit(db: Database, *track_ids: str) -> None:
    async with db.transaction() as tx:
        for track_id in track_ids:
            tx.emit(visit(track_id))


async def test_a_bus_whose_broker_is_away_starts_and_refuses_to_publish() -> None:
    bus = KafkaBus("127.0.0.1:9", TOPICS)
    await bus.start()
    with pytest.raises(BusUnavailable):
        await bus.publish([Record("kith.orders", "k", b"{}")])
    with pytest.raises(BusUnavailable):
        await bus.subscribe(group="g", topics=["kith.orders"], member="1")
    await bus.stop()


async def test_a_member_told_to_stop_while_it_joins_leaves_nothing_open() -> None:
    asked = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            asked.set()
        writer.close()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as broker:
        port = broker.sockets[0].getsockname()[1]
        member = KafkaSubscription(f"127.0.0.1:{port}", group="g", topics=["kith.orders"], member="1")
        joining = asyncio.create_task(member.join())
        async with asyncio.timeout(30):
            await asked.wait()
            joining.cancel()
            with pytest.raises(asyncio.CancelledError):
                await joining
    assert member._consumer._closed


async def test_events_outlast_a_broker_that_is_stopped_and_one_that_is_killed(
    db: Database, private_kafka: Callable[[], Kafka]
) -> None:
    broker = private_kafka()
    bus = KafkaBus(broker.url, TOPICS)
    await bus.start()  # before the broker: a process may be first
    relay = Relay(db, bus, service="toy")
    consumer = Consumer(db, bus, group=GROUP, handlers=[Handler(events=(VisitRecorded,), handle=remember)], member="1")
    relay.start()
    consumer.start()
    sent: list[str] = []

    async def load() -> None:
        while True:
            name = f"t{len(sent):05}"
            await emit(db, name)
            sent.append(name)
            await asyncio.sleep(0.01)

    loading = asyncio.create_task(load())

    async def caught_up() -> bool:
        goal = len(sent)
        await until(lambda: _has(db, sent[:goal]), within=60)
        return goal > 0

    await broker.start()
    await until(caught_up)
    await broker.stop()
    await until(more(sent, 30))
    await broker.start()
    await until(caught_up)
    broker.kill()
    await until(more(sent, 30))
    await broker.start()
    await until(caught_up)
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    await until(lambda: _has(db, sent), within=60)
    await consumer.stop()
    await relay.stop()
    await bus.stop()


async def _has(db: Database, names: list[str]) -> bool:
    return set(names) <= set(await seen(db))


def more(sent: list[str], count: int) -> Callable[[], bool]:
    """Holds once so many more were sent than now."""
    goal = len(sent) + count
    return lambda: len(sent) >= goal
