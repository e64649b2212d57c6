"""Polls as a test lets them run: a worker whose door leads to shops on this machine, and rounds that are waited for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from services.connectors.inbox import work as read_back
from services.connectors.polls import jobs, work
from services.kernel.auth.opening import Opening
from services.kernel.jobs import Jobs
from services.kernel.work import TaskKind
from services.kernel.work.worker import Worker
from tests.integration.attribution.world import SECRET_KEY
from tests.support.connectors import Pair
from tests.support.edge import OPENING, SEALING, make_context
from tests.support.shops.base import Shop, ToShop
from tests.support.wait import until


@asynccontextmanager
async def polling(
    both: Pair,
    *shops: Shop,
    cut_off: bool = False,
    kinds: Sequence[TaskKind] = work.TASK_KINDS,
    opening: Opening | None = OPENING,
) -> AsyncIterator[Jobs]:
    """Runs the tasks of polls, or other ones; what the clock begins is begun by `run_due` of what this gives. With
    `cut_off` the end comes in the middle of whatever runs.
    """
    context = make_context(both.db, name="connectors", sealing=SEALING, opening=opening)
    context.outbound = ToShop(*shops)
    worker = Worker(context, [*kinds, *read_back.TASK_KINDS])
    async with AsyncExitStack() as open_shops:
        for shop in shops:
            await open_shops.enter_async_context(shop.served())
        worker.start()
        try:
            yield Jobs(context, jobs=[], due_jobs=jobs.DUE_JOBS)
        finally:
            await worker.stop(within_s=0.01 if cut_off else 10)


async def looked(both: Pair, connection: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Asks for a round and waits for its end; what the poll says of it."""
    path = f"/v1/connections/{connection['id']}/poll"
    asked = await both.http.post(path, headers=SECRET_KEY, json=body)
    assert asked.status_code == 202, asked.text
    return await ended(both, connection)


async def ended(both: Pair, connection: dict[str, Any]) -> dict[str, Any]:
    """Waits until no round runs."""
    found: dict[str, Any] = {}

    async def quiet() -> bool:
        await make_due(both, connection)
        found.update(await poll_of(both, connection))
        return bool(found["state"] != "running")

    await until(quiet, within=60, every=0.1, what="the round has ended")
    return found


async def make_due(both: Pair, connection: dict[str, Any]) -> None:
    """Lets no test wait for what a platform, or a page behind another, is given."""
    async with both.db.transaction() as tx:
        await tx.execute(
            "update work_tasks set due = now() where kind in ('poll', 'history') and lane = :lane and state = 'waiting'"
            " and leased_until is null",
            lane=connection["id"],
        )


async def poll_of(both: Pair, connection: dict[str, Any]) -> dict[str, Any]:
    """How far a connection's poll has come."""
    answer = await both.http.get(f"/v1/connections/{connection['id']}/poll", headers=SECRET_KEY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def gaps_of(both: Pair, connection: dict[str, Any]) -> dict[str, str]:
    """The kinds of a connection's gaps by their orders; `late` for what was told after all."""
    answer = await both.http.get(f"/v1/connections/{connection['id']}/gaps", headers=SECRET_KEY)
    assert answer.status_code == 200, answer.text
    return {one["order_id"]: "late" if one["late_at"] else one["kind"] for one in answer.json()["data"]}
