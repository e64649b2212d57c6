"""The task that makes a pool's codes: for a while, and then its next one does."""

from datetime import timedelta
from time import monotonic
from typing import Final

from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import Done, Outcome, Task, TaskKind, add_tasks
from services.rewards.pools import sql
from services.rewards.pools.actions import fill

TRIES: Final = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
SITTING_S: Final = 20.0
"""How long one task works. What a worker that died began goes on when the lease of its task ends, so it is not long."""


async def run(ctx: Context, task: Task) -> Outcome:
    """Makes codes until all are made or the sitting is over; what is left is the next task's."""
    pool_id, start, sitting = _of(task)
    until = monotonic() + SITTING_S
    while monotonic() < until:
        async with ctx.db.transaction([task.store_id]) as tx:
            if not await fill.make_slice(tx, task.store_id, pool_id, start=start):
                return Done()

    async def more(tx: Tx) -> None:
        pool = await sql.one(tx, task.store_id, pool_id)
        if pool is not None:
            await add_tasks(tx, [fill.task_of(pool, sitting + 1)])

    return Done(note=more)


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """Making that cannot go on has failed; it can be resumed from where it is."""
    pool_id, start, _ = _of(task)
    await fill.given_up(tx, task.store_id, pool_id, start=start, reason=reason)


def _of(task: Task) -> tuple[str, int, int]:
    return str(task.payload["pool_id"]), int(task.payload["start"] or 0), int(task.payload["sitting"] or 0)


TASK_KINDS: Final = (
    TaskKind(name=fill.TASK, run=run, per_store=1, at_once=2, deadline_s=60, retries=TRIES, given_up=given_up),
)
