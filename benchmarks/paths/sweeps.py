"""Thousands that settle while others buy, and a program's new version that reaches them all. Attribution alone, in this
process, one store: how long its orders wait.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from benchmarks.lab import Lab
from benchmarks.paths.people import BEGIN, SETTLED_A_SECOND, TURN_MS, Cost, arrive, order, settle_all
from benchmarks.report import Line
from contracts.events import Payload
from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from services.attribution.decisions.actions.sweep import sweep
from services.attribution.decisions.actions.take import take
from services.kernel.bus.port import Event
from services.kernel.db import Database

LIVE, LIVE_EVERY_S = 20, 0.2
"""Orders that come in beside, and how often: a hundred a second."""
STEP_MS = 100


async def sweeps(lab: Lab) -> None:
    """Both, each with orders coming in beside."""
    stage = await lab.stage.beside("sweeps")
    db = Database(stage.database_url, schema="attribution")
    (server,) = stage.postgres_pids()
    try:
        lab.report.lines.append(await settling_beside_orders(db, server, lab.size.walk_in))
        lab.tick()
        lab.report.lines.append(await sweeping(db, server, lab.size.walk_in))
        lab.tick()
    finally:
        await db.close()


async def settling_beside_orders(db: Database, server: int, count: int) -> Line:
    """How many orders settle in a second while others are reported, in the same store, and how long these wait."""
    store = "str_beside"
    await arrive(db, [order(n, f"c{n // 3}", BEGIN + timedelta(minutes=n), store=store) for n in range(count)])
    done, waits = asyncio.Event(), list[float]()
    beside = asyncio.create_task(_live(db, store, count, done, waits))
    async with Cost(server, turns=True) as cost:
        await settle_all(db, store)
    done.set()
    await beside
    rate = count / cost.wall * 1e3
    return Line(
        f"settling {count:,} orders while {len(waits) * LIVE:,} others are told to the same store",
        "–",
        f"{rate:,.0f} a second, {cost.cpu / (count + len(waits) * LIVE):.2f} ms each; {LIVE} orders are decided in"
        f" {median(waits):,.0f} ms, at most {max(waits):,.0f};"
        f" longest turn of the loop {cost.turn:.1f} ms",
        "–",
        f"≥ {SETTLED_A_SECOND:,} a second, turns ≤ {TURN_MS} ms",
        rate >= SETTLED_A_SECOND and cost.turn <= TURN_MS,
    )


async def _live(db: Database, store: str, number: int, done: asyncio.Event, waits: list[float]) -> None:
    while not done.is_set():
        began = time.perf_counter()
        await arrive(db, [order(n, f"n{n}", BEGIN, store=store) for n in range(number, number + LIVE)])
        number += LIVE
        waits.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(max(0.0, LIVE_EVERY_S - waits[-1] / 1e3))


async def sweeping(db: Database, server: int, count: int) -> Line:
    """What a program's new version costs that reaches so many open orders of half as many people."""
    store, day = "str_swept", BEGIN + timedelta(days=1)
    common = {"store_id": store, "program_id": "prg_1", "ambassador_id": "amb_1", "revision": 1, "created_at": BEGIN}
    code = CodeSaved.model_validate({**common, "code_id": "cod_1", "code": "ANNA10"})
    await _publish(db, [_version(store, 1), AmbassadorSaved.model_validate(common), code])
    reported = [
        order(n, f"c{n // 2}", day, store=store).model_copy(update={"codes": ("ANNA10",)}) for n in range(count)
    ]
    await arrive(db, reported)
    async with Cost(server) as first:
        await _publish(db, [_version(store, 2)])
    steps = []
    async with Cost(server, turns=True) as cost:
        more = True
        while more:
            began = time.perf_counter()
            async with db.transaction([store]) as tx:
                more = bool(await sweep(tx, [store]))
            steps.append((time.perf_counter() - began) * 1e3)
    return Line(
        f"a program's new version that reaches {count:,} open orders",
        "–",
        f"heard in {first.wall:,.0f} ms, then {len(steps)} steps of {median(steps):,.0f} ms, at most {max(steps):,.0f};"
        f" {count / cost.wall * 1e3:,.0f} orders a second, {cost.cpu / count:.2f} ms each;"
        f" longest turn of the loop {cost.turn:.1f} ms",
        "–",
        f"a step ≤ {STEP_MS} ms, turns ≤ {TURN_MS} ms",
        median(steps) <= STEP_MS and cost.turn <= TURN_MS,
    )


def _version(store: str, version: int) -> ProgramPublished:
    rules = {"min_subtotal_minor": 1_000_000 * (version - 1), "new_customers_only": False}
    terms = {"name": "Shape", "currency": "EUR", "landing_url": "https://shop.example/", "attribution": rules}
    reported = {"store_id": store, "program_id": "prg_1", "version": version, "published_at": BEGIN, "program": terms}
    return ProgramPublished.model_validate(reported)


async def _publish(db: Database, reported: Sequence[Payload]) -> None:
    async with db.transaction({one.store_id for one in reported}) as tx:
        await take(tx, [Event(id="evt", type=one.TYPE, at=BEGIN, store_id=one.store_id, data=one) for one in reported])
