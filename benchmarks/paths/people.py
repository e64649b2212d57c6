"""Somebody with thousands of orders, and thousands that settle at once. Attribution alone, in this process."""

import asyncio
import gc
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.lab import Lab
from benchmarks.measure import server_s
from benchmarks.report import Line
from contracts.events.orders import OrderAmended
from services.attribution.decisions.actions.backlog import work_off
from services.attribution.decisions.actions.settle import settle
from services.attribution.decisions.actions.take import take
from services.attribution.orders import sql as orders_sql
from services.attribution.orders.sql import StoredFact
from services.kernel.bus.port import Event
from services.kernel.db import Database

STORE = "str_shape"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500
NEXT_ORDER_MS = 5
SETTLED_A_SECOND = 1_000
TURN_MS = 50


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
    """Orders are reported and decided, in batches as a consumer gets them."""
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
            await orders_sql.insert(tx, facts)
        events = [Event(id="evt", type=o.TYPE, at=o.received_at, store_id=o.store_id, data=o) for o in some]
        async with db.transaction(stores) as tx:
            await take(tx, events)


class Cost:
    """Processor time of this process and of PostgreSQL, wall time, and the longest turn of the event loop, in ms.

    PostgreSQL's is the whole server's: sessions, parallel workers and what has ended are in it, and also what it does
    by itself, such as autovacuum; but nobody else works on it meanwhile.

    Turns are watched by asking two thousand times a second, which costs more than an order: apart from the rest.
    """

    def __init__(self, server: int, *, turns: bool = False) -> None:
        self._server = server
        self._watched = turns
        self.cpu = self.own = self.wall = self.turn = self.fresh = 0.0

    def _cpu(self) -> float:
        return time.process_time() + server_s(self._server)

    async def __aenter__(self) -> "Cost":
        self._began, self._used, self._own = time.perf_counter(), self._cpu(), time.process_time()
        self._watch = asyncio.create_task(self._turns()) if self._watched else None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self.own = (time.process_time() - self._own) * 1e3
        self.wall, self.cpu = (time.perf_counter() - self._began) * 1e3, (self._cpu() - self._used) * 1e3

    async def _turns(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.0005)
            self.turn = max(self.turn, (time.thread_time() - before) * 1e3)


async def people(lab: Lab) -> None:
    """The next order of somebody with few and with very many orders; how many orders settle in a second."""
    gc.freeze()  # as the services do
    gc.set_threshold(20_000, 20, 20)
    stage = await lab.stage.beside("people")
    db = Database(stage.database_url, schema="attribution")
    (server,) = stage.postgres_pids()
    few, many = max(10, lab.size.walk_in // 100), lab.size.walk_in
    try:
        for settled in (True, False):
            first, later = [await nth_order(db, server, count, settled=settled) for count in (few, many)]
            lab.report.lines.append(_next_order(few, many, first, later, settled=settled))
            lab.tick()
        for customers in (many // 3, 1):
            lab.report.lines.append(await settling(db, server, many, customers=customers))
            lab.tick()
    finally:
        await db.close()
        gc.unfreeze()


def _next_order(few: int, many: int, first: "Cost", later: "Cost", *, settled: bool) -> Line:
    state = "settled" if settled else "open"
    return Line(
        f"the next order of a customer with {many:,} {state} orders, PostgreSQL's share included",
        f"with {few:,} {state}: {first.cpu:.1f} ms",
        f"{later.cpu:.1f} ms, of it {later.own:.1f} ms ours; longest turn of the loop {later.turn:.1f} ms;"
        f" as the first on a new connection {later.fresh:.1f} ms",
        f"{first.cpu / later.cpu:.2f}",
        f"≤ {NEXT_ORDER_MS} ms of ours",
        later.own <= NEXT_ORDER_MS,
    )


async def nth_order(db: Database, server: int, count: int, *, settled: bool) -> Cost:
    """What the next order of one customer costs who has `count` orders: the median of five. `fresh` is what one costs
    for which a connection is opened, with all its statements to be parsed.
    """
    store = f"str_n{count}{settled}"
    reported = [order(n, "walk-in", BEGIN + timedelta(minutes=n), store=store) for n in range(count)]
    await arrive(db, reported)
    if settled:
        await settle_all(db, store)
    costs = []
    for n in range(10):
        next_one = order(count + n, "walk-in", BEGIN + timedelta(minutes=count + n), store=store)
        async with Cost(server, turns=n >= 5) as cost:
            await arrive(db, [next_one])
        costs.append(cost)
    middle = sorted(costs[:5], key=lambda cost: cost.cpu)[2]
    middle.turn = max(cost.turn for cost in costs)
    middle.fresh = sorted([await _on_a_new_connection(db, server, store, count + n) for n in range(10, 13)])[1]
    return middle


async def _on_a_new_connection(db: Database, server: int, store: str, number: int) -> float:
    """Milliseconds of processor time for one order, its connection's beginning and end included."""
    other = Database(db.url, schema=db.schema, pool_size=1)
    async with Cost(server) as cost:
        await arrive(other, [order(number, "walk-in", BEGIN + timedelta(minutes=number), store=store)])
        await other.close()
    return cost.cpu


async def settle_all(db: Database, store: str) -> int:
    """Settles everything that a store has, as the due jobs do."""
    done = 0
    async with db.transaction([store]) as tx:
        await tx.execute("update orders set settle_at = now() where settle_at is not null and settled_at is null")
    while True:
        async with db.transaction([store]) as tx:
            moments = await settle(tx, [store]) | await work_off(tx, [store])
        done += 1
        if store not in moments:
            return done


async def settling(db: Database, server: int, count: int, *, customers: int) -> Line:
    """How many orders settle in a second."""
    store = f"str_s{count}_{customers}"
    reported = [order(n, f"c{n % customers}", BEGIN + timedelta(minutes=n), store=store) for n in range(count)]
    await arrive(db, reported)
    async with Cost(server, turns=True) as cost:
        await settle_all(db, store)
    rate = count / cost.wall * 1e3
    return Line(
        f"settling {count:,} orders of {customers:,} customer{'s' if customers > 1 else ''}",
        "–",
        f"{rate:,.0f} a second, {cost.cpu / count:.2f} ms each; longest turn of the loop {cost.turn:.1f} ms",
        "–",
        f"≥ {SETTLED_A_SECOND:,} a second, turns ≤ {TURN_MS} ms",
        rate >= SETTLED_A_SECOND and cost.turn <= TURN_MS,
    )
