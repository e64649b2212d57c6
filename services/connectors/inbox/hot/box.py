"""The way of every delivery: one commit keeps those of a moment, the answer leaves, another commit notes what they say.

Between the two the process may end: then a job reads what lies there.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog

from services.common.order_facts import Clock
from services.common.own_placeholders import OwnPlaceholders
from services.connectors.accounts.sql import Account
from services.connectors.inbox import actions
from services.connectors.inbox.actions import Reading, Readings
from services.connectors.inbox.domain.facts import Known
from services.connectors.inbox.sql import Delivery
from services.connectors.platforms.domain.port import Platform
from services.kernel import failpoints
from services.kernel.batch import GroupCommit
from services.kernel.context import Context
from services.kernel.errors import Unavailable
from services.kernel.telemetry import describe


class Inbox:
    """Takes deliveries whose platform has proved who it is. Lives as long as the process."""

    def __init__(self, ctx: Context, platforms: Mapping[str, Platform], placeholders: OwnPlaceholders) -> None:
        self._ctx = ctx
        self._placeholders = placeholders
        self._readings = Readings(platforms, ctx.ring, ctx.require_sealing())
        self._kept: GroupCommit[Delivery, bool] = GroupCommit(self._keep, name="deliveries")
        # Nobody waits for these, so they may gather for longer.
        self._read: GroupCommit[Reading, None] = GroupCommit(self._note, name="readings", linger_s=0.004)
        self._log = structlog.get_logger()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Inbox"]:
        """Takes deliveries until the end; then it keeps and reads what it has."""
        async with self._read, self._kept:
            yield self

    async def take(self, delivery: Delivery, body: bytes, account: Account) -> tuple[str, str]:
        """Keeps a delivery, durably, and reads it; says what became of it, or that it came before, and why it does not
        count, in a word.
        """
        if not await self._kept.submit(delivery):
            return "duplicate", "duplicate"
        clock = Clock(delivery.received_at, self._ctx.live.offset)
        nobody = self._placeholders.of(delivery.store_id)
        known = Known(clock, nobody, account.order_prefix, account.options)
        reading = self._readings.read(delivery, body, known)
        if reading.delivery.outcome == "failed":
            self._log.warning(f"{delivery.platform}.unreadable", hook=delivery.hook_id, reason=reading.delivery.reason)
        try:
            self._read.enqueue(reading).add_done_callback(partial(self._noted, delivery))
        except Unavailable as error:
            self._left(delivery, error)
        return reading.delivery.outcome, (reading.delivery.reason or "").partition(":")[0]

    def _noted(self, delivery: Delivery, done: "asyncio.Future[None]") -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            self._left(delivery, error)

    def _left(self, delivery: Delivery, error: BaseException) -> None:
        """It is kept, so the job will read it."""
        self._log.warning("inbox.unread", hook=delivery.hook_id, **describe(error))

    async def _keep(self, deliveries: list[Delivery]) -> Sequence[bool]:
        async with self._ctx.db.transaction(stores={one.store_id for one in deliveries}) as tx:
            new = await actions.keep(tx, deliveries)
        failpoints.hit("deliveries.after_kept")
        return new

    async def _note(self, readings: list[Reading]) -> Sequence[None]:
        async with self._ctx.db.transaction(stores={one.delivery.store_id for one in readings}) as tx:
            await actions.note(tx, self._readings, readings)
            failpoints.hit("deliveries.before_read")
        failpoints.hit("deliveries.after_read")
        return [None] * len(readings)
