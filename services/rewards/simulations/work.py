"""The task that goes on with a run: for a while, and then its next one does."""

from datetime import timedelta
from typing import Final

from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.work import Done, Outcome, Task, TaskKind, add_tasks
from services.rewards.simulations.actions.replay import go_on
from services.rewards.simulations.actions.runs import TASK, task_of
from services.rewards.simulations.sql import runs as sql

TRIES: Final = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
SITTING_S: Final = 30.0
"""How long one task works. A run whose worker died goes on when the lease of its task ends, so it is not long."""


async def run(ctx: Context, task: Task) -> Outcome:
    """Goes on with a run; what is left is the next task's."""
    simulation_id = str(task.payload["simulation_id"])
    if not await go_on(ctx, task.store_id, simulation_id, within_s=SITTING_S):
        return Done()
    start, sitting = int(task.payload["start"] or 0), int(task.payload["sitting"] or 0)
    following = task_of(task.store_id, simulation_id, start, sitting + 1)

    async def more(tx: Tx) -> None:
        await add_tasks(tx, [following])

    return Done(note=more)


async def given_up(tx: Tx, task: Task, reason: str) -> None:
    """A run that cannot go on has failed; it can be resumed from where it is."""
    await sql.end(tx, task.store_id, str(task.payload["simulation_id"]), state="failed", reason=reason)


TASK_KINDS: Final = (
    TaskKind(name=TASK, run=run, per_store=1, at_once=1, deadline_s=60, retries=TRIES, given_up=given_up),
)
