"""The bus on Apache Kafka, through aiokafka: what it takes to keep the port's promises with this client.

Producer: idempotent, acks from all, whole batches per partition (one future per batch, not per event), the partition by
the hash of the key that other clients use too. After any failure the producer is thrown away: a client that has seen a
broker die is known to get stuck now and then, and a fresh one is back sooner. Consumer: see `kafka_group`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from services.kernel.bus.bounded import bounded
from services.kernel.bus.kafka_group import KafkaSubscription
from services.kernel.bus.kafka_inside import compress_lightly, give_up
from services.kernel.bus.kafka_topics import make_topics
from services.kernel.bus.port import BusUnavailable, Record
from services.kernel.bus.topics import TopicSpec
from services.kernel.telemetry import describe

DELIVERY_S = 12.0
"""How long a publish may take; the outcome of one that takes longer is unknown."""
REQUEST_MS = 8_000
BATCH_BYTES = 256 * 1024
BROKEN = (KafkaError, OSError, TimeoutError, AssertionError)
"""What the client raises when the broker goes away; assertions are its own, about states it did not expect."""


@lru_cache(maxsize=100_000)
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


class KafkaBus:
    """One process's connection to the cluster at `url` (host:port, several with commas), as `login` says who it is."""

    def __init__(
        self, url: str, topics: Sequence[TopicSpec], *, partitions: int = 3, login: Mapping[str, str] | None = None
    ) -> None:
        compress_lightly()
        self._url = url
        self._login = dict(login or {})
        self._topics = tuple(topics)
        self._partitions = partitions
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._topics_made = False
        self._discards: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    async def start(self) -> None:
        try:
            await self.make_topics()
        except BusUnavailable as error:
            self._log.warning("kafka.away", **describe(error))

    async def publish(self, records: Sequence[Record]) -> None:
        if not records:
            return
        producer = await self._ready()
        try:
            await bounded(self._send(producer, records), DELIVERY_S)
        except BROKEN as error:
            self._discard(producer)
            raise BusUnavailable(f"not confirmed ({type(error).__name__})") from error
        except asyncio.CancelledError:
            self._discard(producer)
            raise

    async def subscribe(self, *, group: str, topics: Sequence[str], member: str) -> KafkaSubscription:
        await self.make_topics()
        subscription = KafkaSubscription(self._url, group=group, topics=topics, member=member, login=self._login)
        await subscription.join()
        return subscription

    async def stop(self) -> None:
        if self._producer is not None:
            self._discard(self._producer)
        if self._discards:
            await asyncio.wait(self._discards, timeout=5)

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
        by_place: dict[tuple[str, int], list[Record]] = {}
        counts: dict[str, int] = {}
        for record in records:
            topic = record.topic
            count = counts.get(topic)
            if count is None:
                count = counts[topic] = len(await producer.partitions_for(topic))
            by_place.setdefault((topic, _hash(record.key.encode()) % count), []).append(record)
        # All partitions at once, but in each partition one batch after the other: a batch that is sent again after a
        # failure must not overtake its successor.
        await asyncio.gather(*(self._send_in_order(producer, *place, part) for place, part in by_place.items()))

    async def _send_in_order(
        self, producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]
    ) -> None:
        batch = producer.create_batch()
        for record in records:
            key, headers = record.key.encode(), list(record.headers.items())
            if batch.append(timestamp=None, key=key, value=record.value, headers=headers) is None:
                await (await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=record.value, headers=headers)
        await (await producer.send_batch(batch, topic, partition=partition))

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            await self.make_topics()
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._url,
                    client_id="kith-relay",
                    enable_idempotence=True,
                    acks="all",
                    compression_type="lz4",
                    max_batch_size=BATCH_BYTES,
                    request_timeout_ms=REQUEST_MS,
                    retry_backoff_ms=250,
                    metadata_max_age_ms=60_000,
                    **self._login,
                )
                try:
                    await bounded(producer.start(), DELIVERY_S)
                except BROKEN as error:
                    self._discard(producer)
                    raise BusUnavailable(f"cannot connect ({type(error).__name__})") from error
                self._producer = producer
            return self._producer

    def _discard(self, producer: AIOKafkaProducer) -> None:
        """Stops a producer in the background: with the broker away that may take its time, or for ever."""
        if self._producer is producer:
            self._producer = None

        async def stop() -> None:
            give_up(producer)
            with suppress(*BROKEN):
                await bounded(producer.stop(), REQUEST_MS / 1000 + 2)

        task = asyncio.create_task(stop(), name="kafka-discard")
        self._discards.add(task)
        task.add_done_callback(self._discards.discard)

    async def make_topics(self) -> None:
        """Makes the topics that are missing, and has the others keep their records as long. Raises `BusUnavailable`."""
        if self._topics_made:
            return
        admin = AIOKafkaAdminClient(bootstrap_servers=self._url, request_timeout_ms=REQUEST_MS, **self._login)
        try:
            await bounded(admin.start(), DELIVERY_S)
            await bounded(make_topics(admin, self._topics, partitions=self._partitions), DELIVERY_S)
        except BROKEN as error:
            raise BusUnavailable(f"topics cannot be made ({type(error).__name__})") from error
        finally:
            with suppress(*BROKEN):
                await bounded(admin.close(), 2)
        self._topics_made = True
