"""The bus on Apache Kafka, through aiokafka: what it takes to keep the port's promises with this client.

Producer: idempotent, acks from all, whole batches per partition (one future per batch, not per event), the partition by
the hash of the key that other clients use too. After any failure the producer is thrown away: a client that has seen a
broker die is known to get stuck now and then, and a fresh one is back sooner. Consumer: see `kafka_group`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.codec import lz4_encode
from aiokafka.errors import KafkaError, ProducerClosed, for_code
from aiokafka.partitioner import murmur2
from aiokafka.record._crecords import default_records

from services.kernel.bus.bounded import bounded
from services.kernel.bus.kafka_group import KafkaSubscription
from services.kernel.bus.port import BusUnavailable, Record
from services.kernel.bus.topics import TopicSpec
from services.kernel.telemetry import describe

DELIVERY_S = 12.0
"""How long a publish may take; the outcome of one that takes longer is unknown."""
REQUEST_MS = 8_000
BATCH_BYTES = 256 * 1024
_DAY_MS = 86_400_000
_EXISTS = 36
BROKEN = (KafkaError, OSError, TimeoutError, AssertionError)
"""What the client raises when the broker goes away; assertions are its own, about states it did not expect."""


# The client compresses at level 9: more work than all else that it does for an event, to save another 3 % of the bytes.
default_records.lz4_encode = partial(lz4_encode, level=1)


@lru_cache(maxsize=100_000)
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


class KafkaBus:
    """One process's connection to the cluster at `url` (host:port, several with commas), as `login` says who it is."""

    def __init__(
        self, url: str, topics: Sequence[TopicSpec], *, partitions: int = 3, login: Mapping[str, str] | None = None
    ) -> None:
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
            _give_up(producer)
            with suppress(*BROKEN):
                await bounded(producer.stop(), REQUEST_MS / 1000 + 2)

        task = asyncio.create_task(stop(), name="kafka-discard")
        self._discards.add(task)
        task.add_done_callback(self._discards.discard)

    async def make_topics(self) -> None:
        """Makes the topics that are missing. Raises `BusUnavailable`."""
        if self._topics_made:
            return
        admin = AIOKafkaAdminClient(bootstrap_servers=self._url, request_timeout_ms=REQUEST_MS, **self._login)
        try:
            await bounded(self._add_missing(admin), DELIVERY_S)
        except BROKEN as error:
            raise BusUnavailable(f"topics cannot be made ({type(error).__name__})") from error
        finally:
            with suppress(*BROKEN):
                await bounded(admin.close(), 2)
        self._topics_made = True

    async def _add_missing(self, admin: AIOKafkaAdminClient) -> None:
        await admin.start()
        known = set(await admin.list_topics())
        missing = [topic for topic in self._topics if topic.name not in known]
        if missing:
            answer = await admin.create_topics([_new_topic(t, t.partitions or self._partitions) for t in missing])
            for name, code, *_ in answer.topic_errors:
                if code not in (0, _EXISTS):
                    raise for_code(code)(name)


def _give_up(producer: AIOKafkaProducer) -> None:
    """Fails what still waits in a producer: its publisher has gone, and stopping would wait for it for ever."""
    accumulator = producer._message_accumulator  # noqa: SLF001
    queued = [batch for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    accumulator.fail_all(ProducerClosed())
    for batch in queued:
        batch._drain_waiter.exception()  # noqa: SLF001  # looked at, so that nobody complains that nobody did


def _new_topic(topic: TopicSpec, partitions: int) -> NewTopic:
    """Replicas by the broker's own default, which a cluster's operator sets."""
    if topic.keep_days is None:
        configs = {"cleanup.policy": "compact"}
    else:
        configs = {"cleanup.policy": "delete", "retention.ms": str(topic.keep_days * _DAY_MS)}
    new = NewTopic(name=topic.name, num_partitions=partitions, replication_factor=1, topic_configs=configs)
    new.replication_factor = -1  # the constructor takes -1 for something else; brokers take it for their default
    return new
