"""Takes due tasks, runs each with an end, and notes what came of it. Any number of workers share a service's tasks.

Claim, run and note are three steps: the first and the last are transactions, the middle one is none, so that a partner
who hangs holds no lock, no connection and no other lane. A worker that dies leaves a lease, and when that ends the task
is taken again.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from prometheus_client import Counter, Gauge, Histogram

from services.kernel import failpoints, trace
from services.kernel.auth.principal import system
from services.kernel.context import Context
from services.kernel.db import Tx, is_transient
from services.kernel.telemetry import describe
from services.kernel.work import sql
from services.kernel.work.kinds import Done, GiveUp, Outcome, Retry, Task, TaskKind, next_wait

_RUNS = Counter("kith_work_runs_total", "Runs of tasks, by what came of them.", ("kind", "outcome"))
_SECONDS = Histogram(
    "kith_work_seconds", "How long runs of tasks took.", ("kind",), buckets=(0.01, 0.05, 0.25, 1, 2.5, 5, 10, 30)
)
WAITING = Gauge("kith_work_waiting", "Tasks that wait.", ("kind",))
GIVEN_UP = Gauge("kith_work_given_up", "Tasks that were given up and that nobody has looked after.", ("kind",))
LATE = Gauge("kith_work_oldest_seconds", "How late the oldest task that could run is.", ("kind",))

KEEP_DONE = timedelta(days=14)
"""How long a key is recognised after its task was done."""
_kinds: set[str] = set()
"""Kinds of tasks that this process has gauges of."""
KEEP_GIVEN_UP = timedelta(days=90)


class LeaseLost(RuntimeError):
    """The task ran so long that it was given to somebody else, who notes its outcome now."""


class Worker:
    """The tasks of one service, in this process."""

    LOOK_EVERY_S = 0.4
    AT_ONCE = 400
    """Tasks in hand at a time: nearly all of them wait for somebody, and hold no connection while they do."""
    MARGIN_S = 15.0
    """A lease lasts this much longer than the task's deadline: for the note, also when the database was away."""

    def __init__(self, context: Context, kinds: Sequence[TaskKind]) -> None:
        self._context = context
        self._kinds = {kind.name: kind for kind in kinds}
        _kinds.update(self._kinds)
        self._after = dict.fromkeys(self._kinds, "")
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._added = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger().bind(service=context.service)

    def start(self) -> "asyncio.Task[None]":
        """Begins; returns the task, whose end before `stop` is a bug."""
        self._context.db.work_added = self._added.set
        self._task = asyncio.create_task(self._loop(), name=f"work-{self._context.service}")
        return self._task

    async def stop(self, *, within_s: float = 10) -> None:
        """Takes nothing more and lets what runs come to its end, for a while. What is cut off is run again."""
        self._stopping.set()
        self._added.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within_s)
            self._task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*filter(None, [self._task]), *self._running, return_exceptions=True)

    async def _loop(self) -> None:
        pause_s = self.LOOK_EVERY_S
        while not self._stopping.is_set():
            self._added.clear()
            took = 0
            try:
                if self._room:
                    found = await self._context.db.peek(sql.DUE_KINDS)
                    for name in sorted((found[0] if found else None) or ()):
                        if name in self._kinds:
                            took += await self._take(self._kinds[name])
                pause_s = self.LOOK_EVERY_S
            except Exception as error:
                if not is_transient(error):
                    raise
                self._log.warning("work.retry", seconds=pause_s, **describe(error))
                pause_s = min(pause_s * 2, 5.0)
            if not took or not self._room:
                await self._rest(pause_s)

    @property
    def _room(self) -> int:
        return self.AT_ONCE - len(self._running)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._added.wait(), seconds)

    async def _take(self, kind: TaskKind) -> int:
        """Claims tasks of a kind and starts them; returns how many."""
        async with self._context.db.transaction() as tx:
            await sql.take_turn(tx, kind.name)
            lanes, self._after[kind.name] = await sql.lanes_behind(tx, kind.name, self._after[kind.name])
            lease_s = kind.deadline_s + self.MARGIN_S
            tasks = await sql.claim(tx, kind, lanes, count=self._room, lease_s=lease_s) if lanes else []
        for task, traceparent in tasks:
            running = asyncio.create_task(self._run(kind, task, traceparent), name=f"{kind.name}-{task.id}")
            self._running.add(running)
            running.add_done_callback(self._ended)
        return len(tasks)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._added.set()

    async def _run(self, kind: TaskKind, task: Task, traceparent: str | None) -> None:
        trace.follow(traceparent, {})
        began = asyncio.get_running_loop().time()
        try:
            failpoints.hit("work.before_run")
            outcome = await self._outcome(kind, task)
            failpoints.hit("work.before_note")
            left_s = began + kind.deadline_s + self.MARGIN_S - asyncio.get_running_loop().time()
            name = await self._note(kind, task, outcome, within_s=left_s)
            failpoints.hit("work.after_note")
        except Exception as error:  # what was not noted is run again when the lease ends
            self._log.error("work.not_noted", job=kind.name, store_id=task.store_id, **describe(error))
            name = "not_noted"
        _RUNS.labels(kind.name, name).inc()
        _SECONDS.labels(kind.name).observe(asyncio.get_running_loop().time() - began)

    async def _outcome(self, kind: TaskKind, task: Task) -> Outcome:
        try:
            async with asyncio.timeout(kind.deadline_s):
                return await kind.run(self._context, task)
        except TimeoutError:
            return Retry(reason="timeout")
        except Exception as error:
            self._log.error("work.failed", job=kind.name, store_id=task.store_id, **describe(error))
            return Retry(reason=type(error).__name__)

    async def _note(self, kind: TaskKind, task: Task, outcome: Outcome, *, within_s: float) -> str:
        """Writes the outcome; while the database is away, again and again until the lease is over."""
        loop = asyncio.get_running_loop()
        deadline, pause_s = loop.time() + within_s, 0.1
        while True:
            try:
                async with self._context.db.transaction([task.store_id], actor=system(kind.name), patient=True) as tx:
                    return await note(tx, kind, task, outcome)
            except Exception as error:
                if not is_transient(error) or loop.time() + pause_s > deadline:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)


async def note(tx: Tx, kind: TaskKind, task: Task, outcome: Outcome) -> str:
    """Writes what came of a task, with the service's own note; returns one word for it. Raises `LeaseLost`."""
    if isinstance(outcome, Retry):
        wait = next_wait(kind, task.failures)
        if wait is None and not outcome.failed:
            wait = timedelta(minutes=10)
        if wait is None:
            outcome = GiveUp(reason=outcome.reason, note=outcome.note)
        else:
            wait = wait if outcome.after is None else max(outcome.after, timedelta(seconds=1))
            held = await sql.postpone(
                tx, task, wait=wait, reason=outcome.reason, hold_lane=outcome.hold_lane, failed=outcome.failed
            )
            return await _with_note(tx, outcome, held=held, name="again")
    if isinstance(outcome, GiveUp):
        held = await sql.end(tx, task, state="given_up", reason=outcome.reason)
        name = await _with_note(tx, outcome, held=held, name="given_up")
        if kind.given_up is not None:
            await kind.given_up(tx, task, outcome.reason)
        return name
    return await _with_note(tx, outcome, held=await sql.end(tx, task, state="done", reason=None), name="done")


async def _with_note(tx: Tx, outcome: Done | Retry | GiveUp, *, held: bool, name: str) -> str:
    if not held:
        raise LeaseLost
    if outcome.note is not None:
        await outcome.note(tx)
    return name


async def count(context: Context) -> None:
    """A job: keeps the gauges, and forgets what ended long ago."""
    async with context.db.transaction() as tx:
        rows = await sql.standing(tx)
        await sql.purge(tx, done_before=tx.now - KEEP_DONE, given_up_before=tx.now - KEEP_GIVEN_UP)
    found = {row.kind: row for row in rows}
    _kinds.update(found)
    for kind in _kinds:  # one without tasks says so: an alert needs a sample, and nothing may stand there for ever
        row = found.get(kind)
        WAITING.labels(kind).set(row.waiting if row else 0)
        GIVEN_UP.labels(kind).set(row.given_up if row else 0)
        LATE.labels(kind).set(row.late_s if row else 0)
