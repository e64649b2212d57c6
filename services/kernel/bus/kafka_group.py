"""A member of a consumer group on Kafka: offsets are committed by us, after the effect; `earliest` the first time.

What has been seen to go wrong with the client after broker restarts is watched for here: a commit that waits for ever,
a member that is behind and receives nothing, a group nobody reads. The subscription then raises, and the consumer makes
a new one.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.kernel.bus.ahead import SLICE, SLICES, Ahead
from services.kernel.bus.bounded import bounded
from services.kernel.bus.kafka_inside import behind
from services.kernel.bus.port import BusUnavailable, Delivered, Record
from services.kernel.telemetry import describe

CALL_S = 15.0
"""How long one call on the client may take."""
LOOK_S = 20.0
"""After this long without a record it is checked whether there should have been one."""
FINISH_S = 5.0
"""How long a rebalance waits for the batch in hand."""
_BROKEN = (KafkaError, OSError, TimeoutError, AssertionError)


def read_record(topic: str, record: Any) -> Record:
    """A record of the client's. Whatever a stranger may have put into the topic can be read, and is checked later."""
    headers = {name: value or b"" for name, value in record.headers}
    return Record(topic, (record.key or b"").decode(errors="replace"), record.value or b"", headers)


class KafkaSubscription(ConsumerRebalanceListener):  # type: ignore[misc]  # the client ships no types
    """One member. Ranges of partitions are assigned, so that a store's topics are read by one member."""

    def __init__(
        self, url: str, *, group: str, topics: Sequence[str], member: str, login: Mapping[str, str] | None = None
    ) -> None:
        self._topics = tuple(topics)
        self._group = group
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=url,
            client_id=f"kith-{member}",
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            rebalance_timeout_ms=20_000,
            request_timeout_ms=int(CALL_S * 1000),
            retry_backoff_ms=250,
            fetch_max_wait_ms=500,
            max_partition_fetch_bytes=512 * 1024,
            metadata_max_age_ms=60_000,
            # The relay's batches carry checksums that the broker checked; checking again costs more than decoding.
            check_crcs=False,
            **(login or {}),
        )
        self._ahead = Ahead()
        self._idle = asyncio.Event()
        self._idle.set()
        self._received_at = time.monotonic()
        self._looked_at = time.monotonic()
        self._suspect: dict[TopicPartition, int] = {}
        self._log = structlog.get_logger().bind(group=group, member=member)

    async def join(self) -> None:
        """Connects and asks for partitions. Raises `BusUnavailable`."""
        try:
            self._consumer.subscribe(self._topics, listener=self)
            await bounded(self._consumer.start(), CALL_S)
        except asyncio.CancelledError:  # told to stop while joining: a member left half joined holds its sockets
            await self.close()
            raise
        except _BROKEN as error:
            await self.close()
            raise BusUnavailable(f"cannot join {self._group} ({type(error).__name__})") from error

    async def fetch(self, *, max_records: int, wait_s: float) -> Sequence[Delivered]:
        self._idle.set()
        for _ in range(SLICES):
            if await self._read(0 if self._ahead else wait_s) < SLICE:
                break
        delivered = self._ahead.take(max_records)
        now = time.monotonic()
        if delivered:
            self._idle.clear()
            self._received_at = now
            self._suspect = {}
        elif now - max(self._received_at, self._looked_at) > LOOK_S:
            self._looked_at = now
            await self._look_for_missed()
        return delivered

    async def _read(self, wait_s: float) -> int:
        """Reads a slice of what may be held; returns how much came."""
        mine = self._consumer.assignment()
        roomy = [place for place in mine if self._ahead.has_room((place.topic, place.partition))]
        if mine and not roomy:
            return 0
        places = roomy if len(roomy) < len(mine) else ()  # of whatever is assigned by the time that something comes
        try:
            asked = self._consumer.getmany(*places, timeout_ms=int(wait_s * 1000), max_records=SLICE)
            found: Mapping[TopicPartition, Sequence[Any]] = await bounded(asked, wait_s + CALL_S)
        except _BROKEN as error:
            raise BusUnavailable(f"cannot fetch ({type(error).__name__})") from error
        for place, records in found.items():
            self._ahead.put([Delivered(read_record(place.topic, r), place.partition, r.offset) for r in records])
        return sum(map(len, found.values()))

    async def commit(self, records: Sequence[Delivered]) -> None:
        mine = self._consumer.assignment()
        places = {TopicPartition(*place): at for place, at in self._ahead.done(records).items()}
        offsets = {place: at for place, at in places.items() if place in mine}
        try:
            if offsets:
                await bounded(self._consumer.commit(offsets), CALL_S)
        except (CommitFailedError, IllegalStateError) as error:
            # Another member has the partitions now and gets these records again, which handlers take in their stride.
            self._log.info("kafka.commit_too_late", **describe(error))
        except _BROKEN as error:
            raise BusUnavailable(f"cannot commit ({type(error).__name__})") from error
        finally:
            self._idle.set()

    def give_back(self, records: Sequence[Delivered]) -> None:
        self._ahead.give_back(records)

    async def rewind(self) -> None:
        mine = self._consumer.assignment()
        for (topic, partition), offset in self._ahead.clear().items():
            if (place := TopicPartition(topic, partition)) in mine:
                self._consumer.seek(place, offset)
        self._idle.set()

    async def lag(self) -> Mapping[str, int]:
        found = dict.fromkeys(self._topics, 0) | self._ahead.waiting()
        for place in self._consumer.assignment():
            found[place.topic] += behind(self._consumer, place)
        return found

    async def close(self) -> None:
        self._idle.set()
        try:
            await bounded(self._consumer.stop(), 5)
        except _BROKEN as error:
            self._log.warning("kafka.left_badly", **describe(error))

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Before partitions go to others: the batch in hand may finish and commit, for a while."""
        try:
            async with asyncio.timeout(FINISH_S):
                await self._idle.wait()
        except TimeoutError:
            self._log.warning("kafka.revoked_while_busy")
        self._ahead.clear()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Positions begin at what the group committed."""
        self._received_at = time.monotonic()
        self._log.info("kafka.assigned", count=len(assigned))

    async def _look_for_missed(self) -> None:
        """Raises `BusUnavailable` when records wait, here or with the group, and nothing moved since the last look."""
        try:
            waiting = await bounded(self._waiting(), CALL_S)
        except _BROKEN as error:
            raise BusUnavailable(f"cannot look ({type(error).__name__})") from error
        stuck = [place for place, position in waiting.items() if self._suspect.get(place) == position]
        self._suspect = waiting
        if stuck:
            self._log.error("kafka.stuck", count=len(stuck))
            raise BusUnavailable(f"{len(stuck)} partitions do not move")

    async def _waiting(self) -> dict[TopicPartition, int]:
        """Partitions with records beyond where they were read up to: our own, or without any all of the group's."""
        mine = self._consumer.assignment()
        places = mine or {
            TopicPartition(topic, partition)
            for topic in self._topics
            for partition in self._consumer.partitions_for_topic(topic) or ()
        }
        ends = await self._consumer.end_offsets(list(places))
        waiting = {}
        for place, end in ends.items():
            position = await (self._consumer.position(place) if mine else self._consumer.committed(place)) or 0
            if position < end:
                waiting[place] = position
        return waiting
