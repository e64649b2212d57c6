"""Runs what the clock starts: plain jobs in every replica, and due jobs for the stores that asked for a moment.

Replicas share due jobs: each locks the stores it found and then claims their timers, so that no store is worked on
twice at once. Locks are taken in the order in which consumers take them, the store before its timer: the other way
round, a job and a consumer of one store would wait for each other. Moments are compared with `tx.now`, which the demo
clock moves.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import structlog

from services.kernel.auth.principal import system
from services.kernel.context import Context
from services.kernel.db import Database, is_transient
from services.kernel.due import schedule
from services.kernel.service import DueJob, Job
from services.kernel.telemetry import JOB_FAILURES, describe

_LOOK = (
    "select array_agg(distinct job) from due where at <= now()"
    " + make_interval(secs => coalesce((select offset_seconds from clock), 0))"
)
_FIND = "select store_id from due where job = :job and at <= :now order by at limit :count"
_FIND_ONE = "select store_id from due where job = :job and at <= :now and store_id = :store"
_CLAIM = """
delete from due where job = :job and store_id = any(cast(:stores as text[])) and at <= :now returning store_id
"""


class Jobs:
    """All jobs of one service in this process."""

    LOOK_EVERY_S = 0.4
    RETRY = timedelta(seconds=30)
    """When a store whose run failed is looked at again."""

    def __init__(self, context: Context, *, jobs: Sequence[Job], due_jobs: Sequence[DueJob]) -> None:
        self._context = context
        self._jobs = tuple(jobs)
        self._due = {job.name: job for job in due_jobs}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._log = structlog.get_logger().bind(service=context.service)
        for name in (*(job.name for job in jobs), *self._due):  # a series that begins at a failure shows no increase
            JOB_FAILURES.labels(context.service, name)

    def start(self) -> list[asyncio.Task[None]]:
        """Begins; returns the tasks, whose end before `stop` is a bug."""
        self._tasks = [asyncio.create_task(self._repeat(job), name=f"job-{job.name}") for job in self._jobs]
        if self._due:
            self._tasks.append(asyncio.create_task(self._watch(), name=f"due-{self._context.service}"))
        return self._tasks

    async def stop(self, *, within_s: float = 10) -> None:
        """Lets runs finish, for a while."""
        self._stopping.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run_due(self, name: str) -> int:
        """Works off one due job until no store's moment has come; returns how many stores were worked on."""
        done = 0
        while not self._stopping.is_set() and (count := await self._slice(self._due[name])):
            done += count
        return done

    async def _slice(self, job: DueJob) -> int:
        """Works on some of the stores whose moment has come; returns how many there were."""
        try:
            return await _claim(self._context.db, job, _FIND, count=job.stores)
        except Exception as error:
            if is_transient(error):
                raise
            self._failed(job.name, error)
            return await self._one_by_one(job)

    async def _one_by_one(self, job: DueJob) -> int:
        """After a slice failed: each store in its own transaction; one that fails alone is put off."""
        db = self._context.db
        async with db.transaction() as tx:
            rows = await tx.all(
                "select store_id from due where job = :job and at <= :now order by at limit :count",
                job=job.name,
                now=tx.now,
                count=job.stores,
            )
        for (store,) in rows:
            try:
                await _claim(db, job, _FIND_ONE, store=store)
            except Exception as error:
                if is_transient(error):
                    raise
                self._failed(job.name, error, store_id=store)
                async with db.transaction() as tx:
                    await tx.execute(
                        "update due set at = :later where job = :job and store_id = :store",
                        later=tx.now + self.RETRY,
                        job=job.name,
                        store=store,
                    )
        return len(rows)

    async def _watch(self) -> None:
        pause_s = self.LOOK_EVERY_S
        while not self._stopping.is_set():
            try:
                found = await self._context.db.peek(_LOOK)
                names = [name for name in (found[0] if found else None) or () if name in self._due]
                # Jobs take turns: one whose stores ask for another run at once holds up none of the others.
                for name in names:
                    await self._slice(self._due[name])
                # A store may have more to do than one run takes: who found work looks again at once.
                pause_s = 0.0 if names else self.LOOK_EVERY_S
            except Exception as error:
                if not is_transient(error):
                    raise
                pause_s = max(pause_s, self.LOOK_EVERY_S)
                self._log.warning("jobs.retry", seconds=pause_s, **describe(error))
                await self._pause(pause_s)
                pause_s = min(pause_s * 2, 5.0)
                continue
            await self._pause(pause_s)

    async def _repeat(self, job: Job) -> None:
        # A little chance keeps replicas that started together from running together.
        await self._pause(random.uniform(0, min(1.0, job.every_s)))
        while not self._stopping.is_set():
            try:
                await job.run(self._context)
            except Exception as error:
                self._failed(job.name, error)
            await self._pause(job.every_s)

    def _failed(self, job: str, error: Exception, **fields: str) -> None:
        JOB_FAILURES.labels(self._context.service, job).inc()
        self._log.error("job.failed", job=job, **fields, **describe(error))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


async def _claim(db: Database, job: DueJob, sql: str, **arguments: object) -> int:
    """One transaction: locks stores whose moment has come, claims their timers, runs the job, notes each next moment.

    Returns how many stores were due, including those that another replica was quicker to claim.
    """
    async with db.transaction(actor=system(job.name)) as tx:
        found = sorted(row.store_id for row in await tx.all(sql, job=job.name, now=tx.now, **arguments))
        if found:
            await tx.see(found)
            await tx.lock_stores(found)
            # What another replica has done while this one waited for the lock is gone, or due at a later moment.
            rows = await tx.all(_CLAIM, job=job.name, stores=found, now=tx.now)
            stores = sorted(row.store_id for row in rows)
            # The claim deleted the rows, so a moment that the run itself schedules is not lost in an older one.
            if stores:
                await schedule(tx, job.name, await job.run(tx, stores))
    return len(found)
