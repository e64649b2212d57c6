"""Starting, stopping and going on with runs over past periods. A run changes nothing but its own rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from contracts.program import Program
from services.common.words import Translatable, _
from services.kernel import due
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.kernel.work import NewTask, add_tasks
from services.rewards.simulations.sql import runs as sql
from services.rewards.simulations.sql.runs import Run, ShareRow
from services.rewards.slices import sql as slices

TASK: Final = "simulation"
FORGET_JOB: Final = "simulations"
KEPT: Final = timedelta(days=7)
"""How long a run is kept from when it was made."""
_FORGOTTEN_AT_ONCE: Final = 5_000
"""Rows: the store's lock is held meanwhile."""


async def start(
    tx: Tx, store_id: str, *, program_id: str, draft: Program | None, from_at: datetime, to_at: datetime
) -> Run:
    """Begins a run over a program's orders of a period, under a draft or under the rules that were in force.

    Raises `NotFound` for a program that is not known, `Invalid` for a period that is none or a draft in another
    currency, `Conflict` while another run of the store is on.
    """
    newest = await slices.newest(tx, store_id, program_id)
    if newest is None:
        raise NotFound("There is no such program.")
    if from_at >= to_at:
        raise Invalid.field("period.to", "The period ends after it begins.")
    check_draft(draft, newest)
    simulation_id = new_id("sim", at=tx.now)
    text = None if draft is None else draft.model_dump_json()
    if not await sql.start(
        tx, store_id, simulation_id, program_id=program_id, draft=text, from_at=from_at, to_at=to_at
    ):
        raise Conflict(
            "Another simulation of this store is running; wait for it, or cancel it.", code="simulation_running"
        )
    run = await get(tx, store_id, simulation_id)
    await add_tasks(tx, [task_of(store_id, simulation_id, run.start, 0)])
    await due.schedule(tx, FORGET_JOB, {store_id: tx.now + KEPT})
    tx.note("simulation.started", on=simulation_id, after={"program_id": program_id})
    return run


def check_draft(draft: Program | None, newest: Program | None) -> None:
    """A draft is of the program's currency, which never changes. Raises `Invalid`."""
    if draft is not None and newest is not None and draft.currency != newest.currency:
        mend = Translatable(_("The program’s currency is %(currency)s, and cannot change."), currency=newest.currency)
        raise Invalid.field("draft.currency", mend)


def task_of(store_id: str, simulation_id: str, start: int, sitting: int) -> NewTask:
    """What goes on with a run from where it is: a sitting of those since it was started or resumed."""
    return NewTask(
        kind=TASK,
        store_id=store_id,
        lane=store_id,
        key=f"{simulation_id}:{start}:{sitting}",
        payload={"simulation_id": simulation_id, "start": start, "sitting": sitting},
    )


async def get(tx: Tx, store_id: str, simulation_id: str) -> Run:
    """A run. Raises `NotFound`."""
    run = await sql.one(tx, store_id, simulation_id)
    if run is None:
        raise NotFound("There is no such simulation, or it is older than a week.")
    return run


async def cancel(tx: Tx, store_id: str, simulation_id: str) -> Run:
    """Stops a run where it is. Raises `Conflict` for one that has ended."""
    run = await get(tx, store_id, simulation_id)
    if run.state == "cancelled":
        return run
    if not await sql.end(tx, store_id, simulation_id, state="cancelled"):
        raise Conflict("This simulation has ended.", code="simulation_ended")
    tx.note("simulation.cancelled", on=simulation_id)
    return await get(tx, store_id, simulation_id)


async def resume(tx: Tx, store_id: str, simulation_id: str) -> Run:
    """Has a run go on from where it was stopped, or failed. Raises `Conflict` for one that is done, and while another
    one is on.
    """
    run = await get(tx, store_id, simulation_id)
    if run.state == "running":
        return run
    if run.state == "done":
        raise Conflict("This simulation is done.", code="simulation_ended")
    if not await sql.resume(tx, store_id, simulation_id):
        raise Conflict(
            "Another simulation of this store is running; wait for it, or cancel it.", code="simulation_running"
        )
    run = await get(tx, store_id, simulation_id)
    await add_tasks(tx, [task_of(store_id, simulation_id, run.start, 0)])
    tx.note("simulation.resumed", on=simulation_id)
    return run


async def shares(
    tx: Tx, store_id: str, simulation_id: str, *, after: tuple[str, int, str] | None, count: int
) -> Sequence[ShareRow]:
    """What ambassadors would get, the most first. Raises `NotFound`."""
    await get(tx, store_id, simulation_id)
    return await sql.shares(tx, store_id, simulation_id, after=after, count=count)


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Deletes runs that are old enough, some rows at a time, and says when to look at each store again: at once where
    rows are left, and after an hour where an old run is still on.
    """
    more = await sql.forget(tx, stores, before=tx.now - KEPT, count=_FORGOTTEN_AT_ONCE)
    soon = tx.now if more else tx.now + timedelta(hours=1)
    return {store_id: max(made_at + KEPT, soon) for store_id, made_at in (await sql.oldest(tx, stores)).items()}
