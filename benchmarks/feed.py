"""Facts in bulk: orders as the order call keeps them, all visible at one commit, so that consumers meet a backlog."""

import random
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from benchmarks.stage import Stage, Store
from services.attribution.orders import actions
from services.attribution.orders.schemas import CustomerIn, OrderIn
from services.common import order_facts
from services.common.order_facts import Clock, Refund, ReportedFact
from services.common.scopes import SCOPES
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Database, Tx

AT_ONCE = 2000
"""Facts written by one call of the action."""

CODES, REFUNDS = 0.7, 0.05
"""Of the orders of a shape: how many name a code, and of how many a part goes back."""


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


def facts(stage: Stage, stores: Sequence[Store], count: int) -> Iterator[ReportedFact]:
    """Paid orders with a promo code, spread over the stores in turn; each customer buys twice."""
    ring, run, now = ring_of(stage), secrets.token_hex(3), datetime.now(UTC)
    for n in range(count):
        store = stores[n % len(stores)]
        reported = _order(
            f"{run}-{n}",
            f"{run}-c{n // len(stores) // 2}",
            now - timedelta(seconds=60),
            (store.codes[n // len(stores) % len(store.codes)],),
        )
        yield order_facts.report(ring, store.id, actions.order_of(reported), Clock(now=now))


def shaped(
    stage: Stage,
    store: Store,
    count: int,
    *,
    customers: int,
    customer: str = "",
    ago: timedelta = timedelta(minutes=1),
) -> Iterator[ReportedFact]:
    """Orders as a store has them. The k-th of so many customers buys, and the k-th ambassador is named, with a chance
    in proportion to 1 / k: a few very often, most of them once. Two orders of three name a code, of a twentieth a part
    goes back. All of one `customer` where one is given; placed and told `ago`, so that they settle at once if that is
    long enough.
    """
    ring, run, now = ring_of(stage), secrets.token_hex(4), datetime.now(UTC) - ago
    chance = random.Random(count)
    for n in range(count):
        who = customer or f"c{int(customers ** chance.random())}"
        code = store.codes[int(len(store.codes) ** chance.random()) - 1]
        placed_at = now - timedelta(seconds=count - n)
        reported = _order(f"{run}-{n}", who, placed_at, (code,) if chance.random() < CODES else ())
        yield order_facts.report(ring, store.id, actions.order_of(reported), Clock(now=now))
        if chance.random() < REFUNDS:
            yield order_facts.refund(store.id, reported.order_id, Refund("1", 1000), Clock(now=now))


def _order(order_id: str, customer: str, placed_at: datetime, codes: tuple[str, ...]) -> OrderIn:
    return OrderIn(
        order_id=order_id,
        placed_at=placed_at,
        status="paid",
        currency="EUR",
        total_minor=5090,
        subtotal_minor=4600,
        customer=CustomerIn(id=customer),
        codes=codes,
    )


async def keep(tx: Tx, made: Iterable[ReportedFact]) -> None:
    """Keeps all of them, some thousands at a time, in one transaction."""
    chunk: list[ReportedFact] = []
    for fact in made:
        chunk.append(fact)
        if len(chunk) == AT_ONCE:
            await actions.keep(tx, chunk)
            chunk = []
    if chunk:
        await actions.keep(tx, chunk)


async def feed(stage: Stage, stores: Sequence[Store], made: Iterable[ReportedFact]) -> None:
    """Commits so many accepted orders at once."""
    async with attribution(stage) as db, db.transaction(stores={store.id for store in stores}) as tx:
        await keep(tx, made)
