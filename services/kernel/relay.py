"""Carries events from a service's outbox to the bus: one relay per service at a time, the owner of an advisory lock.

It reads in id order, publishes, and deletes exactly what it published, by id list: rows that commit late with a lower
id are simply found by the next read. A crash between publishing and deleting sends some events again, which every
consumer takes in its stride. Lock, reading and deleting share one connection: who loses it stops being the relay.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog

from services.kernel import failpoints
from services.kernel.bus import envelope
from services.kernel.bus.port import Bus, Record
from services.kernel.db import Database
from services.kernel.outbox import COLUMNS
from services.kernel.session import connect
from services.kernel.telemetry import OUTBOX_AGE, OUTBOX_DEPTH, RELAY_FAILURES, RELAYED, describe

_READ = f"select id, {COLUMNS} from outbox order by id limit $1"  # noqa: S608
_DELETE = "delete from outbox where id = any($1::bigint[])"
_TRY_LOCK = "select pg_try_advisory_lock(hashtextextended('kith.relay.' || $1, 7))"
_DEPTH = """
select count(*), coalesce(extract(epoch from now() - min(at)) + coalesce((select offset_seconds from clock), 0), 0)
from (select at from outbox order by id limit 100000) waiting
"""


class Relay:
    """One service's relay in this process; waits as long as another process has the lock."""

    BATCH = 1000
    BUSY_POLL_S = 0.05
    """How soon it looks for what other processes wrote, while there is traffic."""
    IDLE_POLL_S = 0.25
    """The same after some quiet seconds."""
    QUIET_S = 10.0
    STAND_BY_POLL_S = 0.25
    """How soon the next in line sees that the owner is gone. It asks: a statement that waits for the lock on the server
    holds a snapshot as long as the owner lives, and no dead row of the database could be cleared away meanwhile, of
    which an outbox leaves one for every event.
    """

    def __init__(self, db: Database, bus: Bus, *, service: str) -> None:
        self._db = db
        self._bus = bus
        self._service = service
        self._source = f"/kith/{service}"
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger().bind(service=service)
        RELAY_FAILURES.labels(service)  # a series that begins at its first failure shows no increase
        self.leading = False

    def start(self) -> asyncio.Task[None]:
        """Begins; returns the task, whose end before `stop` is a bug."""
        self._db.emitted = self._wake.set
        self._task = asyncio.create_task(self._run(), name=f"relay-{self._service}")
        return self._task

    async def stop(self, *, within_s: float = 5) -> None:
        """Sends what is there once more, for a while, and gives up the lock."""
        if self._task is None:
            return
        self._stopping = True
        self._wake.set()
        if self.leading:
            await asyncio.wait([self._task], timeout=within_s)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause_s = 0.1
        while not self._stopping:
            connection: asyncpg.Connection | None = None
            try:
                connection = await connect(self._db.url, schema=self._db.schema, purpose="relay")
                # Whoever does not lead has nothing to say of the outbox; its last word would stand for ever.
                self._show(depth=0, age_s=0)
                while not await connection.fetchval(_TRY_LOCK, self._service):
                    await asyncio.sleep(self.STAND_BY_POLL_S)
                self.leading = True
                pause_s = 0.1
                await self._lead(connection)
            except Exception as error:
                RELAY_FAILURES.labels(self._service).inc()
                self._log.warning("relay.failed", **describe(error))
                if not self._stopping:
                    await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, 2.0)
            finally:
                self.leading = False
                if connection is not None:
                    connection.terminate()

    async def _lead(self, connection: asyncpg.Connection) -> None:
        last_busy = time.monotonic()
        measured = 0.0
        while True:
            self._wake.clear()
            rows = await connection.fetch(_READ, self.BATCH)
            now = time.monotonic()
            if rows:
                last_busy = now
                await self._carry(connection, rows)
            if now - measured > 5:
                measured = now
                await self._measure(connection, behind=bool(rows))
            if len(rows) == self.BATCH:
                continue
            if self._stopping:
                return
            poll_s = self.BUSY_POLL_S if now - last_busy < self.QUIET_S else self.IDLE_POLL_S
            try:
                await asyncio.wait_for(self._wake.wait(), poll_s)
            except TimeoutError:
                continue

    async def _carry(self, connection: asyncpg.Connection, rows: Sequence[Any]) -> None:
        pause_s = 0.1
        while True:
            try:
                await self._bus.publish([self._record(row) for row in rows])
                break
            except Exception as error:
                RELAY_FAILURES.labels(self._service).inc()
                self._log.warning("relay.bus_away", seconds=pause_s, count=len(rows), **describe(error))
                if self._stopping:
                    raise
                await self._measure(connection, behind=True)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, 2.0)
        failpoints.hit("relay.after_send")
        await connection.execute(_DELETE, [row[0] for row in rows])
        RELAYED.labels(self._service).inc(len(rows))

    def _record(self, row: Any) -> Record:
        _, event_id, topic, key, type_, store_id, subject, at, traceparent, data = row
        head = envelope.headers(
            event_id=event_id,
            type=type_,
            source=self._source,
            store_id=store_id,
            subject=subject,
            at=at,
            traceparent=traceparent,
        )
        return Record(topic, key, data, head)

    async def _measure(self, connection: asyncpg.Connection, *, behind: bool) -> None:
        depth, age = (await connection.fetchrow(_DEPTH)) if behind else (0, 0)
        self._show(depth=depth, age_s=max(0.0, float(age)))

    def _show(self, *, depth: int, age_s: float) -> None:
        OUTBOX_DEPTH.labels(self._service).set(depth)
        OUTBOX_AGE.labels(self._service).set(age_s)
