"""Facts in bulk: orders as the order call keeps them, all visible at one commit, so that consumers meet a backlog."""

import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from benchmarks.stage import Stage, Store
from services.attribution.orders import actions
from services.attribution.orders.actions import Clock
from services.attribution.orders.schemas import CustomerIn, OrderIn
from services.attribution.orders.store import ToldFact
from services.common.scopes import SCOPES
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Database, Tx

AT_ONCE = 2000
"""Facts written by one call of the action."""


@asynccontextmanager
async def attribution(stage: Stage) -> AsyncIterator[Database]:
    """The service's tables, under the service's own role."""
    db = Database(stage.database_url, schema="attribution", pool_size=1)
    try:
        yield db
    finally:
        await db.close()


def ring_of(stage: Stage) -> KeyRing:
    """The stage's keys."""
    return stage.settings.key_ring(SCOPES)


def facts(stage: Stage, stores: Sequence[Store], count: int) -> Iterator[ToldFact]:
    """Paid orders with a promo code, spread over the stores in turn; each customer buys twice."""
    ring, run, now = ring_of(stage), secrets.token_hex(3), datetime.now(UTC)
    for n in range(count):
        store = stores[n % len(stores)]
        told = OrderIn(
            order_id=f"{run}-{n}",
            placed_at=now - timedelta(seconds=60),
            status="paid",
            currency="EUR",
            total_minor=5090,
            subtotal_minor=4600,
            customer=CustomerIn(id=f"{run}-c{n // len(stores) // 2}"),
            codes=(store.codes[n // len(stores) % len(store.codes)],),
        )
        yield actions.report(ring, store.id, actions.report_of(told), Clock(now=now))


async def keep(tx: Tx, made: Iterator[ToldFact]) -> None:
    """Keeps all of them, some thousands at a time, in one transaction."""
    chunk: list[ToldFact] = []
    for fact in made:
        chunk.append(fact)
        if len(chunk) == AT_ONCE:
            await actions.keep(tx, chunk)
            chunk = []
    if chunk:
        await actions.keep(tx, chunk)


async def feed(stage: Stage, stores: Sequence[Store], count: int) -> None:
    """Commits so many accepted orders at once."""
    async with attribution(stage) as db, db.transaction(stores={store.id for store in stores}) as tx:
        await keep(tx, facts(stage, stores, count))
