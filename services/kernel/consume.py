"""Takes events from the bus to a service's handlers: one group, one transaction per batch, offsets after the commit.

What cannot be read goes to the dead-letter topic at once. When a batch fails for a passing reason (a lost database, a
deadlock) it is tried again for as long as that lasts: an outage never fills the dead-letter topic. When it fails for
another reason it is halved until the events that fail stand alone; these are tried a few times more, and then put
aside with their reason, while the rest flows.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from msgspec import Struct

from services.kernel import failpoints, trace
from services.kernel.bus import envelope
from services.kernel.bus.port import Bus, Delivered, Event, Record, Subscription
from services.kernel.bus.topics import dead_letter_topic
from services.kernel.db import Database, is_transient
from services.kernel.service import Handler, TooMuch
from services.kernel.telemetry import CONSUMED, DEAD_LETTERS, EVENT_AGE, LAG, RETRIES, describe


class _Arrived(Struct, frozen=True):
    """A record, decoded."""

    delivered: Delivered
    event: Event[Any]
    subject: str


@dataclass(slots=True)
class Progress:
    """What the health check asks of a consumer."""

    moved_at: float = field(default_factory=time.monotonic)
    behind: int = 0
    error: str | None = None


class Consumer:
    """One member of one group. `run` ends only when told to stop, or by a bug."""

    BATCH = 500
    SMALLEST = 50
    """Events that a batch has at most, and at least where it takes long."""
    FAIR_S = 0.2
    """What a batch may take, without its wait for locks."""
    ALONE_ATTEMPTS = 3
    """How often an event that fails alone is tried before it is put aside."""
    SHORTEST_PAUSE_S = 0.1
    LONGEST_PAUSE_S = 3.0

    def __init__(self, db: Database, bus: Bus, *, group: str, handlers: Sequence[Handler], member: str) -> None:
        self._db = db
        self._bus = bus
        self.group = group
        self._member = member
        self._handlers = tuple(handlers)
        self._wanted = {model.TYPE.encode(): model for handler in handlers for model in handler.events}
        self.topics = tuple(dict.fromkeys(str(model.TOPIC) for model in self._wanted.values()))
        self._put_away: set[tuple[str, int, int]] = set()
        """Places of records that are in the dead-letter topic already, and not committed yet."""
        self._stopping = asyncio.Event()
        self._pause_s = self.SHORTEST_PAUSE_S
        self._most = self.BATCH
        self._worked_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger().bind(group=group, member=member)
        self.progress = Progress()
        for reason in ("contract", "handler"):  # a series that begins at its first one shows no increase
            DEAD_LETTERS.labels(group, reason)

    def start(self) -> asyncio.Task[None]:
        """Begins; returns the task, whose end before `stop` is a bug."""
        self._task = asyncio.create_task(self._run(), name=f"consumer-{self.group}")
        return self._task

    async def stop(self, *, within_s: float = 10) -> None:
        """Finishes the batch in hand, commits its offsets and leaves the group."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within_s)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            subscription: Subscription | None = None
            try:
                subscription = await self._bus.subscribe(group=self.group, topics=self.topics, member=self._member)
                while not self._stopping.is_set():
                    await self._step(subscription)
            except Exception as error:
                await self._trouble("bus", error)
            finally:
                if subscription is not None:
                    await subscription.close()

    async def _step(self, subscription: Subscription) -> None:
        batch = await self._fetch(subscription)
        if batch:
            self._worked_s = 0.0
            try:
                arrived = await self._read(batch)
                rest = await self._as_much_as_goes(arrived)
            except Exception as error:
                # Fetched again after a pause rather than held: the member keeps asking, and so keeps its place.
                await subscription.rewind()
                await self._measure(subscription)
                await self._trouble("handling", error)
                return
            failpoints.hit("consume.before_offset_commit")
            subscription.give_back([one.delivered for one in rest])
            left = {_place(one.delivered) for one in rest}
            batch = [delivered for delivered in batch if _place(delivered) not in left]
            await subscription.commit(batch)
            self._put_away.difference_update(map(_place, batch))
            self.progress.moved_at = time.monotonic()
            self._count(arrived[: len(arrived) - len(rest)])
            self._adapt(len(batch), whole=not rest)
        self.progress.error = None
        self._pause_s = self.SHORTEST_PAUSE_S
        await self._measure(subscription)

    def _adapt(self, count: int, *, whole: bool) -> None:
        """Makes the next batch as large as one is worked off in a fair time: who comes meanwhile waits that long."""
        if not whole:
            self._most = max(self.SMALLEST, count)
        elif self._worked_s > self.FAIR_S:
            self._most = max(self.SMALLEST, int(self._most * self.FAIR_S / self._worked_s))
        else:
            self._most = min(self.BATCH, self._most * 2)

    async def _trouble(self, reason: str, error: Exception) -> None:
        """Notes a failure and waits, each time longer."""
        self.progress.error = type(error).__name__
        RETRIES.labels(self.group, reason).inc()
        self._log.warning("consumer.retry", reason=reason, seconds=self._pause_s, **describe(error))
        await self._pause(self._pause_s)
        self._pause_s = min(self._pause_s * 2, self.LONGEST_PAUSE_S)

    async def _fetch(self, subscription: Subscription) -> Sequence[Delivered]:
        """The next batch; gives up waiting when told to stop."""
        fetching = asyncio.ensure_future(subscription.fetch(max_records=self._most, wait_s=1.0))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((fetching, stopping), return_when=asyncio.FIRST_COMPLETED)
            return fetching.result() if fetching.done() else ()
        finally:
            for task in (fetching, stopping):
                task.cancel()
            await asyncio.gather(fetching, stopping, return_exceptions=True)

    async def _read(self, batch: Sequence[Delivered]) -> list[_Arrived]:
        arrived = []
        for delivered in batch:
            record = delivered.record
            kind = record.headers.get(envelope.TYPE, b"")
            if _place(delivered) in self._put_away:
                continue
            if not kind:
                await self._put_aside(delivered, reason="contract", error="has no type", attempts=1)
                continue
            model = self._wanted.get(kind)
            if model is None:  # for another group, or from a build that is ahead of this one
                continue
            try:
                event = envelope.open_event(record, model)
            except envelope.ContractError as error:
                await self._put_aside(delivered, reason="contract", error=str(error), attempts=1)
                continue
            arrived.append(_Arrived(delivered, event, envelope.header(record, envelope.SUBJECT)))
        return arrived

    async def _as_much_as_goes(self, arrived: Sequence[_Arrived]) -> Sequence[_Arrived]:
        """Handles the first of the events, as many as one transaction should. Returns the others: what other stores
        sent meanwhile has its turn before them.
        """
        try:
            await self._apply(arrived)
        except TooMuch:
            middle = (len(arrived) + 1) // 2
            return [*await self._as_much_as_goes(arrived[:middle]), *arrived[middle:]]
        return ()

    async def _apply(self, arrived: Sequence[_Arrived]) -> None:
        """Handles the events in one transaction; where that fails in halves, down to single ones. Raises `TooMuch`."""
        if not arrived:
            return
        attempts = self.ALONE_ATTEMPTS if len(arrived) == 1 else 1
        for attempt in range(1, attempts + 1):
            try:
                await self._handle(arrived)
                return
            except Exception as error:
                if isinstance(error, TooMuch) and len(arrived) > 1:
                    raise  # nothing has failed
                # What takes too long may be too much at once: halved, it gets on. One alone waits, as for an outage.
                if is_transient(error) and not (isinstance(error, TimeoutError) and len(arrived) > 1):
                    raise
                failure = error
                RETRIES.labels(self.group, "error").inc()
                self._log.warning("consumer.failed", count=len(arrived), attempts=attempt, **describe(error))
            if attempt < attempts:
                await self._pause(0.01 * 5**attempt)
        if len(arrived) == 1:
            await self._put_aside(
                arrived[0].delivered, reason="handler", error=type(failure).__name__, attempts=attempts
            )
            return
        middle = len(arrived) // 2
        await self._apply(arrived[:middle])
        await self._apply(arrived[middle:])

    async def _handle(self, arrived: Sequence[_Arrived]) -> None:
        # What a handler emits about a subject continues the trace of the event about it, the rest that of the first.
        trace.follow(
            arrived[0].event.traceparent, {(a.event.store_id, a.subject): a.event.traceparent for a in arrived}
        )
        stores = {a.event.store_id for a in arrived}
        began = time.monotonic()
        async with self._db.transaction(stores=stores) as tx:
            for handler in self._handlers:
                types = {model.TYPE for model in handler.events}
                events = [a.event for a in arrived if a.event.type in types]
                if events:
                    await handler.handle(tx, events)
            failpoints.hit("consume.before_commit")
        failpoints.hit("consume.after_commit")
        self._worked_s += time.monotonic() - began - tx.waited_s
        age = tx.now - min(a.event.at for a in arrived)
        EVENT_AGE.labels(self.group).observe(max(0.0, age.total_seconds()))

    async def _put_aside(self, delivered: Delivered, *, reason: str, error: str, attempts: int) -> None:
        """Sends a record to the group's dead-letter topic, as it was, with the reason in headers.

        The error is named by its class, or by the field that breaks the contract: never by a message, which could quote
        a person's data. Raises when the bus does not take it; the offset is then not committed either.
        """
        record = delivered.record
        head = dict(record.headers) | {
            "dlq_group": self.group.encode(),
            "dlq_topic": record.topic.encode(),
            "dlq_partition": b"%d" % delivered.partition,
            "dlq_offset": b"%d" % delivered.offset,
            "dlq_reason": reason.encode(),
            "dlq_error": error.encode(),
            "dlq_attempts": b"%d" % attempts,
            "dlq_at": orjson.dumps(datetime.now(UTC))[1:-1],
        }
        await self._bus.publish([Record(dead_letter_topic(self.group), record.key, record.value, head)])
        self._put_away.add(_place(delivered))
        DEAD_LETTERS.labels(self.group, reason).inc()
        self._log.error(
            "consumer.dead_letter",
            topic=record.topic,
            partition=delivered.partition,
            offset=delivered.offset,
            event_type=envelope.header(record, envelope.TYPE),
            reason=reason,
            error=error,
        )

    def _count(self, arrived: Sequence[_Arrived]) -> None:
        if arrived:
            for kind, count in Counter(a.event.type for a in arrived).items():
                CONSUMED.labels(self.group, kind).inc(count)

    async def _measure(self, subscription: Subscription) -> None:
        lag = await subscription.lag()
        self.progress.behind = sum(lag.values())
        if self.progress.behind == 0:  # nothing to do is no standstill
            self.progress.moved_at = time.monotonic()
        for topic in self.topics:  # of a topic that another member has taken over, nothing
            LAG.labels(self.group, topic).set(lag.get(topic, 0))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _place(delivered: Delivered) -> tuple[str, int, int]:
    return delivered.record.topic, delivered.partition, delivered.offset
