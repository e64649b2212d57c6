"""What every replica must know within a second, read again and again from small tables: the demo clock's offset, the
revoked keys, the sessions that were ended. Reading beats events here: in a consumer group only one replica would hear
of them.
"""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from services.kernel import vital
from services.kernel.db import Database

_READ = (
    "select coalesce((select offset_seconds from clock), 0),"
    " coalesce((select array_agg(key_id) from revoked_keys), cast('{}' as text[])),"
    " coalesce((select array_agg(session_id) from ended_sessions), cast('{}' as text[]))"
)


class LiveState:
    """The current offset and revocations of one service in one process; at most `every_s` old."""

    EVERY_S = 1.0
    TRIES_AT_START = 4
    DEMO_EVERY_S = 0.2
    """Where the clock can be moved: whoever moves it waits until every replica knows."""

    def __init__(self, db: Database, *, every_s: float = EVERY_S) -> None:
        self._db = db
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self.offset = timedelta(0)
        self._offset_ns = 0
        self.revoked: frozenset[str] = frozenset()
        self.ended: frozenset[str] = frozenset()

    def now(self) -> datetime:
        """This process's clock plus the demo offset. For tokens and spooled facts; transactions use `tx.now`."""
        return datetime.now(UTC) + self.offset

    def microseconds(self) -> int:
        """The same moment since 1970, for where a date's arithmetic would cost more than all else."""
        return (time.time_ns() + self._offset_ns) // 1000

    async def refresh(self) -> None:
        """Reads the tables once."""
        found = await self._db.peek(_READ)
        if found is not None:
            self.offset, self.revoked = timedelta(seconds=found[0]), frozenset(found[1])
            self.ended = frozenset(found[2])
            self._offset_ns = round(found[0] * 1_000_000_000)

    async def start(self) -> None:
        """Reads once, then keeps reading until `stop`. A database that is too busy to answer is asked again: all
        services may start at once.
        """
        for left in reversed(range(self.TRIES_AT_START)):
            try:
                await self.refresh()
                break
            except TimeoutError:
                if not left:
                    raise
        self._task = vital.start(self._loop(), name="live-state")

    def refresh_soon(self) -> None:
        """Has it read again at once: this process has just changed one of the tables."""
        self._wanted.set()

    async def stop(self) -> None:
        """Ends the reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _loop(self) -> None:
        log = structlog.get_logger()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._every_s)
            self._wanted.clear()
            try:
                await self.refresh()
            except Exception as error:  # a lost database must not end the watch; the old state stays in force
                log.warning("live_state.stale", error=type(error).__name__)
