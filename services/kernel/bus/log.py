"""The bus as a log in PostgreSQL: for embedded mode, and wherever all services share one database.

Appends to a topic hold the lock of its row, so positions are commit order and a reader that has seen position n has
seen all before it. A group has one active member, the owner of a session lock; when its connection ends, another gets
it. Several processes may use one log: within a process a publish wakes the readers at once, across processes they poll.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter

import asyncpg
import orjson
import structlog

from services.kernel import vital
from services.kernel.bus.ahead import SLICE, SLICES, Ahead
from services.kernel.bus.port import Delivered, Record
from services.kernel.bus.topics import TopicSpec
from services.kernel.db import is_transient
from services.kernel.session import Session
from services.kernel.telemetry import describe

_APPEND = """
with taken as (
    update topics set next_position = next_position + $2 where topic = $1 returning next_position - $2 as base
), put as (
    insert into records (topic, position, key, headers, value)
    select $1, base + r.n - 1, r.key, r.headers, r.value
    from taken, unnest($3::text[], $4::text[], $5::bytea[]) with ordinality as r (key, headers, value, n)
)
select base + $2 from taken
"""
_FETCH = """
select r.topic, r.position, r.key, r.headers, r.value
from unnest($1::text[], $2::bigint[]) as p (topic, position)
cross join lateral (
    select * from records where topic = p.topic and position >= p.position order by position limit $3
) r
"""
_ENDS = "select topic, next_position from topics"
_CURSORS = 'select topic, position from cursors where "group" = $1 and topic = any($2::text[])'
_COMMIT = """
insert into cursors ("group", topic, position)
select $1, t, p from unnest($2::text[], $3::bigint[]) u (t, p) order by t
on conflict ("group", topic) do update set position = excluded.position, at = now()
where cursors.position < excluded.position
"""
_ADD_TOPICS = "insert into topics (topic) select unnest($1::text[]) order by 1 on conflict do nothing"
_LOCK = "select pg_try_advisory_lock(hashtextextended($1, 7))"
_UNLOCK = "select pg_advisory_unlock(hashtextextended($1, 7))"
_OLD_SLICE = """
delete from records where topic = $1 and position <= (
    select position from (
        select position, at from records where topic = $1 order by position limit 1 offset $3
    ) edge where at < now() - make_interval(days => $2)
)
"""
_COMPACT = """
delete from records old where topic = 'kith.catalog' and exists (
    select from records new where new.topic = 'kith.catalog' and new.key = old.key and new.position > old.position
)
"""
"""Names the topic outright, for the planner to see that the partial index on keys serves it."""


class LogBus:
    """The log in the database at `url`; its tables must be there (`bus.schema.migrate_bus`)."""

    QUIET_POLLS = 100
    """After so many without anything new, polls become three times as rare."""

    def __init__(
        self,
        url: str,
        topics: Sequence[TopicSpec],
        *,
        poll_s: float = 0.1,
        sweep_s: float = 3600,
        sweep_slice: int = 10_000,
    ) -> None:
        self._topics = tuple(topics)
        self._poll_s = poll_s
        self._sweep_s = sweep_s
        self._slice = sweep_slice
        self._writer = Session(url, schema="bus", purpose="log-writer")
        self.reader = Session(url, schema="bus", purpose="log-reader")
        self.ends: dict[str, int] = {}
        self.held: dict[str, LogSubscription] = {}
        self._waiting: set[asyncio.Event] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [
            vital.start(self._poll(), name="log-poll"),
            vital.start(self._sweeps(), name="log-sweep"),
        ]

    async def publish(self, records: Sequence[Record]) -> None:
        by_topic = attrgetter("topic")
        # Sorted: two publishers that take several topics' locks must take them in one order. The sort keeps ties.
        parts = [(topic, list(part)) for topic, part in groupby(sorted(records, key=by_topic), key=by_topic)]

        async def append(connection: asyncpg.Connection) -> dict[str, int]:
            if len(parts) == 1:
                return {parts[0][0]: await _append(connection, *parts[0])}
            async with connection.transaction():
                return {topic: await _append(connection, topic, part) for topic, part in parts}

        if parts:
            self._moved(await self._writer.run(append))

    async def subscribe(self, *, group: str, topics: Sequence[str], member: str) -> "LogSubscription":
        wake = asyncio.Event()
        self._waiting.add(wake)
        return LogSubscription(self, group=group, topics=topics, wake=wake)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.reader.close()
        await self._writer.close()

    def forget(self, wake: asyncio.Event) -> None:
        """A subscription has closed."""
        self._waiting.discard(wake)

    async def sweep(self) -> None:
        """Deletes what is older than its topic keeps (but for less than a slice), and from the catalog all but the
        newest record of each key. Two sweeps at once do no harm.
        """
        for topic in self._topics:
            if topic.keep_days is None:
                await self._writer.execute(_COMPACT)
                continue
            gone = self._slice
            while gone >= self._slice:
                status = await self._writer.execute(_OLD_SLICE, topic.name, topic.keep_days, self._slice)
                gone = int(status.rpartition(" ")[2])

    def _moved(self, ends: Mapping[str, int]) -> None:
        for topic, end in ends.items():
            if end > self.ends.get(topic, 0):
                self.ends[topic] = end
        for wake in self._waiting:
            wake.set()

    async def _poll(self) -> None:
        """Learns what other processes appended; keeps the reader's connection under watch."""
        log = structlog.get_logger()
        known, quiet = False, 0
        while True:
            try:
                if not known:
                    await self._writer.execute(_ADD_TOPICS, [topic.name for topic in self._topics])
                    known = True
                ends: dict[str, int] = dict(await self.reader.fetch(_ENDS))
                if any(end > self.ends.get(topic, 0) for topic, end in ends.items()):
                    self._moved(ends)
                    quiet = 0
                quiet += 1
                await asyncio.sleep(self._poll_s if quiet < self.QUIET_POLLS else self._poll_s * 3)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("log.unreachable", **describe(error))
                await asyncio.sleep(0.5)

    async def _sweeps(self) -> None:
        log = structlog.get_logger()
        while True:
            await asyncio.sleep(self._sweep_s)
            try:
                await self.sweep()
            except Exception as error:
                log.warning("log.sweep_failed", **describe(error))


async def _append(connection: asyncpg.Connection, topic: str, records: Sequence[Record]) -> int:
    arguments = (
        topic,
        len(records),
        [record.key for record in records],
        [orjson.dumps({name: text.decode() for name, text in record.headers.items()}).decode() for record in records],
        [record.value for record in records],
    )
    end = await connection.fetchval(_APPEND, *arguments)
    if end is None:
        await connection.execute(_ADD_TOPICS, [topic])
        end = await connection.fetchval(_APPEND, *arguments)
    return int(end)


def read_headers(stored: str) -> dict[str, bytes]:
    """A record's headers, as the log keeps them."""
    return {name: text.encode() for name, text in orjson.loads(stored).items()}


class LogSubscription:
    """A member of a group. It is active while it owns the group's lock on the reader's present connection."""

    STANDBY_S = 0.3
    """How often a member that waits asks for the lock."""

    def __init__(self, bus: LogBus, *, group: str, topics: Sequence[str], wake: asyncio.Event) -> None:
        self._bus = bus
        self._group = group
        self._topics = tuple(topics)
        self._wake = wake
        self._epoch = 0
        self._read: dict[str, int] = {}
        self._committed: dict[str, int] = {}
        self._ahead = Ahead()

    async def fetch(self, *, max_records: int, wait_s: float) -> Sequence[Delivered]:
        until = time.monotonic() + wait_s
        while True:
            self._wake.clear()
            active = await self._active()
            if active and (delivered := await self._next(max_records)):
                return delivered
            left = until - time.monotonic()
            if left <= 0:
                return ()
            try:
                await asyncio.wait_for(self._wake.wait(), left if active else min(left, self.STANDBY_S))
            except TimeoutError:
                continue

    async def commit(self, records: Sequence[Delivered]) -> None:
        positions = {topic: at for (topic, _), at in self._ahead.done(records).items()}
        if positions:
            await self._bus.reader.execute(_COMMIT, self._group, list(positions), list(positions.values()))
            self._committed.update(positions)

    def give_back(self, records: Sequence[Delivered]) -> None:
        self._ahead.give_back(records)

    async def rewind(self) -> None:
        self._ahead.clear()
        self._read = dict(self._committed)

    async def lag(self) -> Mapping[str, int]:
        if self._bus.held.get(self._group) is not self:
            return {}
        return {topic: self._bus.ends.get(topic, 0) - self._committed.get(topic, 0) for topic in self._topics}

    async def close(self) -> None:
        self._bus.forget(self._wake)
        if self._bus.held.get(self._group) is self:
            del self._bus.held[self._group]
            if self._bus.reader.alive and self._epoch == self._bus.reader.epoch:
                with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await self._bus.reader.execute(_UNLOCK, self._group)

    async def _active(self) -> bool:
        bus = self._bus
        holder = bus.held.get(self._group)
        if holder is self and self._epoch == bus.reader.epoch and bus.reader.alive:
            return True
        if holder is not None and holder is not self:
            return False

        async def take(connection: asyncpg.Connection) -> bool:
            # The server lets a session take its own lock again, so members of one process also look at `held`.
            if bus.held.get(self._group) not in (None, self):
                return False
            if not await connection.fetchval(_LOCK, self._group):
                bus.held.pop(self._group, None)  # held in an earlier epoch, by a connection that is gone
                return False
            bus.held[self._group] = self
            self._epoch = bus.reader.epoch
            found = dict(await connection.fetch(_CURSORS, self._group, list(self._topics)))
            self._committed = {topic: found.get(topic, 0) for topic in self._topics}
            self._read = dict(self._committed)
            self._ahead.clear()
            return True

        return await bus.reader.run(take)

    async def _next(self, max_records: int) -> list[Delivered]:
        for _ in range(SLICES):
            if not await self._read_on():
                break
        return self._ahead.take(max_records)

    async def _read_on(self) -> bool:
        """Reads a slice of what may be held; returns whether something came."""
        ends = self._bus.ends
        behind = [
            topic
            for topic in self._topics
            if ends.get(topic, 0) > self._read[topic] and self._ahead.has_room((topic, 0))
        ]
        if not behind:
            return False
        known = {topic: ends[topic] for topic in behind}
        share = max(1, SLICE // len(behind))
        rows = await self._bus.reader.fetch(_FETCH, behind, [self._read[topic] for topic in behind], share)
        counts = dict.fromkeys(behind, 0)
        delivered = []
        for topic, position, key, headers, value in rows:
            counts[topic] += 1
            self._read[topic] = position + 1
            delivered.append(Delivered(Record(topic, key, value, read_headers(headers)), 0, position))
        self._ahead.put(delivered)
        for topic, count in counts.items():
            if count < share:  # all of it was seen: skip what retention or compaction has taken
                self._read[topic] = max(self._read[topic], known[topic])
        return bool(delivered)
