"""Tasks that talk to others: how long those wait whose partner answers, beside lanes that hang."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from statistics import median, quantiles

from benchmarks.lab import Lab
from benchmarks.measure import spread
from benchmarks.report import Line
from benchmarks.stage import Stage, until
from services.common.scopes import SCOPES
from services.kernel import telemetry
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.live import LiveState
from services.kernel.work import Done, NewTask, Outcome, Task, TaskKind, add_tasks
from services.kernel.work.worker import Worker

STORE = "str_bench"
LANES = 50
HANGING = 5
"""Of them."""
ANSWERS_S = 0.002
MOST = 2.0
"""How many times as long as without those that hang the slowest twentieth of the others may take."""


async def work(lab: Lab) -> None:
    """Two worlds in turn: all lanes but those that hang, and all lanes. Everything waits from the beginning."""
    telemetry.set_up_logs("warning")
    stage = await lab.stage.beside("work")
    each = lab.size.tasks // LANES
    alone: list[float] = []
    beside: list[float] = []
    async with _context(stage) as ctx:
        for _ in range(lab.size.rounds):
            alone.append(await _slowest(ctx, range(HANGING, LANES), each))
            beside.append(await _slowest(ctx, range(LANES), each))
            lab.tick()
    ratios = [with_them / without for without, with_them in zip(alone, beside, strict=True)]
    lab.report.lines.append(
        Line(
            f"{lab.size.tasks:,} tasks in {LANES} lanes of which {HANGING} hang: until 95 % of the others are done",
            f"without those that hang: {median(alone):.1f} s",
            f"{median(beside):.1f} s",
            spread(ratios),
            f"≤ {MOST:g}",
            median(ratios) <= MOST,
        )
    )


async def _slowest(ctx: Context, lanes: Iterable[int], each: int) -> float:
    """Seconds within which 95 of 100 tasks of lanes that answer were done, from the moment at which all were there."""
    done: list[float] = []
    wanted = [NewTask(kind="call", store_id=STORE, lane=f"l{n}", key=f"{n}-{k}") for k in range(each) for n in lanes]
    answering = sum(not _hangs(one.lane) for one in wanted)
    async with ctx.db.transaction([STORE]) as tx:
        for table in ("work_tasks", "work_lanes"):
            await tx.execute(f"delete from {table}")
        await add_tasks(tx, wanted)

    async def call(ctx: Context, task: Task) -> Outcome:
        await asyncio.sleep(3600 if _hangs(task.lane) else ANSWERS_S)
        done.append(time.perf_counter())
        return Done()

    worker = Worker(ctx, [TaskKind(name="call", run=call, per_store=LANES, at_once=LANES)])
    began = time.perf_counter()
    worker.start()
    await until(lambda: _are_all(done, answering), within=600, every=0.1)
    await worker.stop(within_s=0)
    return quantiles([moment - began for moment in done], n=20, method="inclusive")[-1]


async def _are_all(done: list[float], wanted: int) -> bool:
    return len(done) >= wanted


def _hangs(lane: str) -> bool:
    return int(lane.removeprefix("l")) < HANGING


@asynccontextmanager
async def _context(stage: Stage) -> AsyncIterator[Context]:
    db = Database(stage.database_url, schema="connectors")
    ring = stage.settings.key_ring(SCOPES)
    try:
        yield Context(service="connectors", settings=stage.settings, db=db, ring=ring, live=LiveState(db))
    finally:
        await db.close()
