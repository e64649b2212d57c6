"""The two buses under one name, so that a test can be written once and run on both."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from services.common.topics import product_topics
from services.kernel.bus.kafka import KafkaBus
from services.kernel.bus.log import LogBus
from services.kernel.bus.port import Bus, Delivered, Record, Subscription
from services.kernel.bus.topics import TopicSpec, dead_letter_topics
from tests.support.kafka import Broker
from tests.support.postgres import TestServer


@dataclass(frozen=True)
class Pipe:
    """A topic of the test's own on one kind of bus, and connections to it as several processes would have them."""

    kind: str
    topic: str
    group: str
    url: str
    """The owner's address of a toy's database, which is the log's too."""
    connect: Callable[[], Awaitable[Bus]]
    members: list[Subscription] = field(default_factory=list)
    """Who joined; they leave when the test ends."""

    async def put(self, bus: Bus, *keyed: tuple[str, str]) -> None:
        """Publishes (key, text) pairs in one call."""
        await bus.publish([Record(self.topic, key, text.encode(), {"ce_id": text.encode()}) for key, text in keyed])

    async def join(self, bus: Bus, *, member: str = "1") -> Subscription:
        """One more member of the test's group."""
        joined = await bus.subscribe(group=self.group, topics=[self.topic], member=member)
        self.members.append(joined)
        return joined


def texts(delivered: Sequence[Delivered]) -> list[str]:
    """What was sent."""
    return [d.record.value.decode() for d in delivered]


async def take(member: Subscription, count: int, *, within: float = 30) -> list[Delivered]:
    """Fetches without committing until `count` records have come."""
    taken: list[Delivered] = []
    async with asyncio.timeout(within):
        while len(taken) < count:
            taken += await member.fetch(max_records=100, wait_s=0.5)
    return taken


@pytest.fixture(params=["log", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker_url(request: pytest.FixtureRequest) -> str | None:
    """Kafka's address, or None for the log. Started here, as only a plain fixture may ask for another by name."""
    if request.param == "log":
        return None
    broker: Broker = request.getfixturevalue("kafka")
    return broker.url


@pytest.fixture
async def pipe(broker_url: str | None, postgres: TestServer, toy_template: str) -> AsyncIterator[Pipe]:
    """A topic of the test's own on the bus of the parameter."""
    name = uuid.uuid4().hex[:12]
    group = f"kith.{name}"
    topics = [TopicSpec(f"test.{name}", 7), *product_topics(), *dead_letter_topics([group])]
    opened: list[Bus] = []
    url = await postgres.clone(toy_template)

    async def connect() -> Bus:
        bus: Bus = KafkaBus(broker_url, topics, partitions=4) if broker_url else LogBus(url, topics)
        await bus.start()
        opened.append(bus)
        return bus

    made = Pipe("kafka" if broker_url else "log", topics[0].name, group, url, connect)
    yield made
    for member in made.members:
        await member.close()
    for bus in opened:
        await bus.stop()
    await postgres.drop(url)
