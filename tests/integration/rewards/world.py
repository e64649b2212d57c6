"""Rewards over a real PostgreSQL: events in as a consumer would hand them over, and the books read back as their owner."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from contracts.events import EVENTS, Payload
from contracts.events.catalog import StoreConfigured
from services.kernel.bus.port import Event
from services.kernel.db import Database
from services.kernel.jobs import Jobs
from services.kernel.service import Handler
from services.kernel.store_slice import keep_stores
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.store import rewards as rewards_store
from services.rewards.main import SERVICE

_HANDLERS = (Handler(events=(StoreConfigured,), handle=keep_stores), *SERVICE.handlers)


@dataclass
class World:
    """One service of rewards, its database, and an owner's connection to look behind the curtain."""

    db: Database
    owner: Database
    _numbers: Any = field(default_factory=count)

    async def take(self, *payloads: Payload) -> None:
        """Handles events as one batch of the consumer: one transaction, handlers in their order."""
        events = [
            Event(
                id=f"evt_{next(self._numbers)}",
                type=p.TYPE,
                at=datetime.now().astimezone(),
                store_id=p.store_id,
                data=p,
            )
            for p in payloads
        ]
        async with self.db.transaction({p.store_id for p in payloads}) as tx:
            for handler in _HANDLERS:
                types = {model.TYPE for model in handler.events}
                if mine := [event for event in events if event.type in types]:
                    await handler.handle(tx, mine)

    async def take_in_parallel(self, batches: Sequence[Sequence[Payload]]) -> None:
        """Each batch in a transaction of its own, all at once."""
        await asyncio.gather(*(self.take(*batch) for batch in batches))

    async def rewards(self, store: str, order_id: str | None = None) -> list[Reward]:
        """A store's rewards, oldest first."""
        filters = {} if order_id is None else {"order_id": order_id}
        async with self.db.transaction([store]) as tx:
            return list(reversed(await rewards_store.listed(tx, store, before=None, count=10_000, filters=filters)))

    async def amounts(self, store: str, order_id: str) -> dict[str, int]:
        """What each rule gives for an order now."""
        return {r.rule: r.target_minor for r in await self.rewards(store, order_id) if r.target_minor}

    async def told(self, store: str) -> list[Payload]:
        """Events that wait in the outbox, in order."""
        async with self.db.transaction([store]) as tx:
            rows = await tx.all("select type, data from outbox where store_id = :store order by id", store=store)
        return [EVENTS[row.type].model_validate_json(bytes(row.data)) for row in rows]

    async def trial(self, store: str) -> dict[str, int]:
        """Sum of all entries by unit: always zero."""
        rows = await self.look(
            store, "select unit, sum(amount_minor)::bigint from entries where store_id = :store group by unit"
        )
        return {unit: int(total) for unit, total in rows}

    async def look(self, store: str, sql: str, **parameters: object) -> Iterable[Any]:
        """Reads a store's tables as their owner."""
        async with self.owner.transaction([store]) as tx:
            return await tx.all(sql, store=store, **parameters)

    async def move_clock(self, seconds: int) -> None:
        """Moves the demo clock forward by so many seconds from now."""
        async with self.db.transaction() as tx:
            await tx.execute(
                "insert into clock (offset_seconds, revision) values (:s, 1) on conflict (one) do update"
                " set offset_seconds = clock.offset_seconds + excluded.offset_seconds, revision = clock.revision + 1",
                s=seconds,
            )

    async def now(self) -> datetime:
        """The time that transactions see."""
        async with self.db.transaction() as tx:
            return tx.now

    async def run_release(self, context: Any) -> int:
        """Runs the release job as its runner does."""
        return await Jobs(context, jobs=(), due_jobs=SERVICE.due_jobs).run_due("release")
