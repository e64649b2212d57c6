"""Connectors beside attribution, as a platform meets them: deliveries come in at one address, decisions out of another;
and rewards beside both, where a test asks what was paid.

All may live in one database, each in its own schema; what one tells goes to the other as by relay and consumer.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from contracts.events import EVENTS, Payload
from contracts.events.catalog import StoreConfigured
from services.attribution.decisions.actions.take import take
from services.attribution.decisions.actions.write import SETTLE
from services.attribution.main import SERVICE as ATTRIBUTION
from services.attribution.main import open_resources as open_attribution
from services.common.store_slice import keep_stores
from services.connectors.main import SERVICE, open_resources
from services.kernel.bus.port import Event
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.http.app import Edge
from services.kernel.http.dispatch import Dispatcher
from services.kernel.jobs import Jobs
from services.kernel.service import Handler
from services.rewards.main import SERVICE as REWARDS
from services.rewards.release_rules.domain import RELEASE_JOB
from tests.support import attribution
from tests.support.edge import SEALING, make_context
from tests.support.wait import until

SECRET = "shpss_secret"


@dataclass(frozen=True, slots=True)
class Pair:
    """The services' databases, and a client of all."""

    db: Database
    attribution: Database
    http: httpx.AsyncClient
    contexts: tuple[Context, ...]
    """Of connectors, of attribution, and of rewards where it is there."""

    async def pump(self, stores: Iterable[str]) -> None:
        """Waits until nothing is left unread, then takes to attribution what was told, decides, and rewards."""
        stores = tuple(stores)
        await self.all_read(stores)
        async with self.db.transaction(stores=stores) as tx:
            rows = await tx.all("delete from outbox where topic = 'kith.orders' returning id, type, at, store_id, data")
        events = [
            Event(
                id=str(row.id),
                type=row.type,
                at=row.at,
                store_id=row.store_id,
                data=EVENTS[row.type].model_validate_json(bytes(row.data)),
            )
            for row in sorted(rows, key=lambda row: row.id)
        ]
        if events:
            async with self.attribution.transaction(stores=stores) as tx:
                await take(tx, events)
        decided = await attribution.pump(self.attribution, stores)
        if len(self.contexts) > 2:
            await self.reward(*decided)

    async def reward(self, *payloads: Payload) -> None:
        """Rewards hears this, as one batch of its consumer."""
        events = [attribution.event_of(payload) for payload in payloads]
        async with self.contexts[2].db.transaction(stores={payload.store_id for payload in payloads}) as tx:
            for handler in (Handler(events=(StoreConfigured,), handle=keep_stores), *REWARDS.handlers):
                if mine := [event for event in events if type(event.data) in handler.events]:
                    await handler.handle(tx, mine)

    async def later(self, stores: Iterable[str], by: timedelta) -> None:
        """Moves the clock of who decides and of who rewards, and does what has come due: settles, and releases."""
        for context in self.contexts[1:]:
            async with context.db.transaction() as tx:
                seconds = int(by.total_seconds())
                await tx.execute("insert into clock (offset_seconds, revision) values (:s, 1)", s=seconds)
        await Jobs(self.contexts[1], jobs=(), due_jobs=ATTRIBUTION.due_jobs).run_due(SETTLE)
        await self.pump(stores)
        await Jobs(self.contexts[2], jobs=(), due_jobs=REWARDS.due_jobs).run_due(RELEASE_JOB)

    async def all_read(self, stores: Iterable[str]) -> None:
        """Waits until no delivery is kept unread."""

        async def none_waits() -> bool:
            async with self.db.transaction(stores=stores) as tx:
                return not await tx.scalar("select count(*) from deliveries where outcome = 'waiting'")

        await until(none_waits, what="every delivery is read")


@asynccontextmanager
async def served(
    url: str, folder: Path, *, attribution_url: str | None = None, rewards: bool = False
) -> AsyncIterator[Pair]:
    """Both services on this database, or each on its own, behind one client; with rewards, if told."""
    db, decided = Database(url, schema="connectors"), Database(attribution_url or url, schema="attribution")
    contexts: tuple[Context, ...] = (
        make_context(db, name="connectors", data_dir=folder, sealing=SEALING),
        make_context(decided, name="attribution", data_dir=folder),
    )
    paid = Database(url, schema="rewards")
    if rewards:
        contexts = (*contexts, make_context(paid, name="rewards", data_dir=folder, sealing=SEALING))
    async with open_resources(contexts[0]) as resources, open_attribution(contexts[1]) as others:
        contexts[0].resources, contexts[1].resources = resources, others
        services = zip((SERVICE, ATTRIBUTION, REWARDS), contexts, strict=False)
        front = Dispatcher({service.name: (Edge(service, ctx), service.routes) for service, ctx in services})
        transport = httpx.ASGITransport(app=front)
        async with httpx.AsyncClient(transport=transport, base_url="https://kith.example") as client:
            yield Pair(db, decided, client, contexts)
    await db.close()
    await decided.close()
    await paid.close()


def signed(body: bytes, topic: str, *, event: str = "e1", secret: str = SECRET, family: str = "X-") -> dict[str, str]:
    """The headers with which Shopify delivers this body."""
    mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        f"{family}Shopify-Topic": topic,
        f"{family}Shopify-Hmac-Sha256": mac,
        f"{family}Shopify-Shop-Domain": "shop.myshopify.com",
        f"{family}Shopify-Event-Id": event,
        "content-type": "application/json",
    }


def paid_order(order_id: int = 450789469, **fields: Any) -> bytes:
    """An order as Shopify delivers it, of the friend whom Anna's code brought."""
    reported = {
        "id": order_id,
        "currency": "EUR",
        "financial_status": "paid",
        "subtotal_price": "46.00",
        "total_price": "50.90",
        "email": "friend@example.com",
        "customer": {"id": 207},
        "discount_codes": [{"code": "ANNA10"}],
    }
    return json.dumps(reported | fields).encode()
