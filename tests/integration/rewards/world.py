"""Rewards over a real PostgreSQL: events in as a consumer hands them over, HTTP as callers speak it, a look behind."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from contracts.events import EVENTS, Payload
from contracts.events.catalog import StoreConfigured
from contracts.events.rewards import Reward as RewardState
from services.common.scopes import SCOPES, SECRET
from services.common.store_slice import keep_stores
from services.kernel.auth import api_keys
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.auth.sessions import COOKIE, issue_session
from services.kernel.bus.port import Event
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.http.app import Edge
from services.kernel.ids import new_id
from services.kernel.jobs import Jobs
from services.kernel.live import LiveState
from services.kernel.service import Handler
from services.kernel.settings import Settings
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.main import SERVICE

BASE = "http://kith.test"
_HANDLERS = (Handler(events=(StoreConfigured,), handle=keep_stores), *SERVICE.handlers)


@dataclass
class World:
    """One service of rewards, its database, and an owner's connection to look behind the curtain."""

    db: Database
    owner: Database
    ctx: Context
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
        """Each batch in a transaction of its own, as many at once as there are connections."""
        free = asyncio.Semaphore(8)

        async def one(batch: Sequence[Payload]) -> None:
            async with free:
                await self.take(*batch)

        await asyncio.gather(*(one(batch) for batch in batches))

    async def rewards(self, store: str, order_id: str | None = None) -> list[Reward]:
        """A store's rewards, oldest first."""
        filters = {} if order_id is None else {"order_id": order_id}
        async with self.db.transaction([store]) as tx:
            return list(reversed(await rewards_sql.listed(tx, store, before=None, count=10_000, filters=filters)))

    async def amounts(self, store: str, order_id: str) -> dict[str, int]:
        """What each rule gives for an order now."""
        return {r.rule: r.target_minor for r in await self.rewards(store, order_id) if r.target_minor}

    async def reported(self, store: str) -> list[RewardState]:
        """Events about rewards of orders that wait in the outbox, in order."""
        return [event for event in await self.emitted(store) if isinstance(event, RewardState)]

    async def emitted(self, store: str) -> list[Payload]:
        """All events that wait in the outbox, in order."""
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

    async def release(self) -> int:
        """Runs the release job as its runner does; returns how many stores it looked at."""
        return await Jobs(self.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due("release")

    async def run_due(self, job: str) -> None:
        """Runs a job until none of its stores is due."""
        await Jobs(self.ctx, jobs=(), due_jobs=SERVICE.due_jobs).run_due(job)

    def caller(self, store: str, *scopes: str, key_id: str = "") -> httpx.AsyncClient:
        """A store's server with a secret key."""
        key = api_keys.issue(
            self.ctx.ring, kind="sk", store_id=store, key_id=key_id or new_id("key"), scopes=frozenset(scopes) or SECRET
        )
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=Edge(SERVICE, self.ctx), raise_app_exceptions=True),
            base_url=BASE,
            headers={"Authorization": f"Bearer {key}"},
        )

    def browser(self, store: str, language: str = "en") -> httpx.AsyncClient:
        """A person who signed in at the console."""
        session = issue_session(self.ctx.ring, store_id=store, key_id="key_1", scopes=SECRET, life=timedelta(hours=1))
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=Edge(SERVICE, self.ctx), raise_app_exceptions=True),
            base_url=BASE,
            cookies={COOKIE: session},
            headers={"Accept": "text/html", "Accept-Language": language},
        )


@asynccontextmanager
async def open_world(url: str, folder: Path) -> AsyncIterator[World]:
    """Opens rewards on a database, without relay, consumers and jobs."""
    settings = Settings(
        database_url=url,
        data_dir=folder,
        public_url=BASE,
        secret_keys=SecretStr("k1:" + "s" * 40),
        contact_key=SecretStr("c" * 40),
        operator_key=SecretStr("o" * 40),
    )
    ring = KeyRing(
        secret_keys=settings.secret_keys,
        contact_key=settings.contact_key,
        operator_key=settings.operator_key,
        scopes=SCOPES,
    )
    sealing = Sealing("s1:" + "z" * 40, before=ring)
    db, owner = Database(url, schema="rewards", pool_size=8), Database(url, schema="rewards", role=None, pool_size=2)
    ctx = Context(service="rewards", settings=settings, db=db, ring=ring, live=LiveState(db), sealing=sealing)
    yield World(db, owner, ctx)
    await db.close()
    await owner.close()
