"""Shapes that a store really has: somebody with thousands of orders, thousands of orders that settle at once, a busy
neighbour. Attribution alone, on a database of its own: `python -m benchmarks.shapes`.
"""

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import psutil

from contracts.events.orders import OrderAmended
from services.attribution.decisions.actions.settle import settle
from services.attribution.decisions.actions.take import take
from services.attribution.orders import store as orders_store
from services.attribution.orders.store import StoredFact
from services.cli import catalog
from services.cli.local.postgres import Postgres
from services.kernel.bus.port import Event
from services.kernel.db import Database
from services.kernel.migrate import migrate

STORE = "str_shape"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500


def order(number: int, customer: str, placed_at: datetime, *, store: str = STORE) -> OrderAmended:
    """One paid order."""
    return OrderAmended.model_validate(
        {
            "store_id": store,
            "order_id": f"o{number}",
            "fact_id": "r",
            "received_at": placed_at,
            "placed_at": placed_at,
            "updated_at": placed_at,
            "figures": {"status": "paid", "currency": "EUR", "total_minor": 5000, "subtotal_minor": 5000},
            "customer": {"id": customer},
        }
    )


async def arrive(db: Database, orders: Sequence[OrderAmended]) -> None:
    """Orders are told and decided, in batches as a consumer gets them."""
    for start in range(0, len(orders), BATCH):
        some = orders[start : start + BATCH]
        facts = [
            StoredFact(
                o.store_id,
                o.order_id,
                o.fact_id,
                "report",
                None,
                o.received_at,
                o.__pydantic_serializer__.to_json(o, exclude_none=True),
            )
            for o in some
        ]
        stores = {o.store_id for o in some}
        async with db.transaction(stores) as tx:
            await orders_store.insert(tx, facts)
        events = [Event(id="evt", type=o.TYPE, at=o.received_at, store_id=o.store_id, data=o) for o in some]
        async with db.transaction(stores) as tx:
            await take(tx, events)


class Cost:
    """Processor time of this process and of PostgreSQL, wall time, and the longest turn of the event loop, in ms."""

    def __init__(self, server: int) -> None:
        self._server = psutil.Process(server)
        self.cpu = self.own = self.wall = self.turn = 0.0

    def _cpu(self) -> float:
        total = time.process_time()
        for process in (self._server, *self._server.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    async def __aenter__(self) -> "Cost":
        self._began, self._used, self._own = time.perf_counter(), self._cpu(), time.process_time()
        self._watch = asyncio.create_task(self._turns())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watch.cancel()
        self.own = (time.process_time() - self._own) * 1e3
        self.wall, self.cpu = (time.perf_counter() - self._began) * 1e3, (self._cpu() - self._used) * 1e3

    async def _turns(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.0005)
            self.turn = max(self.turn, (time.thread_time() - before) * 1e3)


async def nth_order(db: Database, server: int, count: int, *, settled: bool) -> str:
    """What the next order of one customer costs who has `count` orders."""
    store = f"str_n{count}{settled}"
    told = [order(n, "walk-in", BEGIN + timedelta(minutes=n), store=store) for n in range(count)]
    await arrive(db, told)
    if settled:
        await settle_all(db, store)
    costs = []
    for n in range(5):
        next_one = order(count + n, "walk-in", BEGIN + timedelta(minutes=count + n), store=store)
        async with Cost(server) as cost:
            await arrive(db, [next_one])
        costs.append(cost)
    cpu, own, turn = (median(getattr(c, name) for c in costs) for name in ("cpu", "own", "turn"))
    state = "settled" if settled else "open"
    return (
        f"next order of a customer with {count:>6} {state:8}"
        f" cpu {cpu:7.1f} ms   of it Python {own:6.1f} ms   turn {turn:6.1f} ms"
    )


async def settle_all(db: Database, store: str) -> int:
    """Settles everything that a store has, as the due job does."""
    done = 0
    async with db.transaction([store]) as tx:
        await tx.execute("update orders set settle_at = now() where settle_at is not null and settled_at is null")
    while True:
        async with db.transaction([store]) as tx:
            moments = await settle(tx, [store])
        done += 1
        if store not in moments:
            return done


async def settling(db: Database, server: int, count: int, *, customers: int) -> str:
    """How many orders settle in a second."""
    store = f"str_s{count}_{customers}"
    told = [order(n, f"c{n % customers}", BEGIN + timedelta(minutes=n), store=store) for n in range(count)]
    await arrive(db, told)
    async with Cost(server) as cost:
        await settle_all(db, store)
    return (
        f"settling {count} orders of {customers} customers: {count / cost.wall * 1e3:6.0f}/s, "
        f"cpu {cost.cpu / count:5.2f} ms each, longest turn {cost.turn:5.1f} ms"
    )


@asynccontextmanager
async def database() -> AsyncIterator[tuple[Database, int]]:
    """A PostgreSQL with attribution's tables, which ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder) / "pg")
        await server.start()
        try:
            await server.ensure_databases(["shapes"])
            url = server.url("shapes")
            await migrate(catalog.load("attribution"), url)
            db = Database(url, schema="attribution")
            yield db, server.pid or 0
            await db.close()
        finally:
            await server.stop()


async def main(sizes: Sequence[int], settles: int) -> None:
    """Prints all of it."""
    gc.freeze()  # as the services do
    gc.set_threshold(20_000, 20, 20)
    async with database() as (db, server):
        for count in sizes:
            for settled in (False, True):
                print(await nth_order(db, server, count, settled=settled), flush=True)
        print(await settling(db, server, settles, customers=max(1, settles // 3)), flush=True)
        print(await settling(db, server, settles, customers=1), flush=True)


if __name__ == "__main__":
    asyncio.run(
        main([int(arg) for arg in sys.argv[2:]] or [100, 1_000, 10_000], int(sys.argv[1]) if sys.argv[1:] else 10_000)
    )
