"""Goes through a run's orders part after part. Each part is taken in by one transaction, once, whoever worked on it.

While one helper decides its part, the other one reads the next, and the one behind that is fetched: deciding is for one
at a time, since what an order takes of a budget the next one lacks, and reading is the larger half.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from time import monotonic
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from services.common.periods import local_day, window
from services.kernel.context import Context
from services.kernel.db import Database
from services.kernel.helpers import helpers
from services.rewards.balances.sql import last_before
from services.rewards.grants.domain.caps import BudgetKey, CountKey
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.simulations.actions.part import Part
from services.rewards.simulations.domain.figures import Figures
from services.rewards.simulations.domain.replay import periods_of
from services.rewards.simulations.sql import counts, orders
from services.rewards.simulations.sql import runs as sql
from services.rewards.simulations.sql.orders import Found
from services.rewards.simulations.sql.runs import Run
from services.rewards.slices import sql as slices
from services.rewards.slices.domain import program_of
from services.rewards.tiers import sql as tiers

PART: Final = 10_000
"""Orders of a part."""
FEW: Final = 2_000
"""So many are soon done: no helpers are called for them."""
HELPERS: Final = 2
_DATED_AT_ONCE: Final = 1_000


class Stopped(Exception):
    """The run was cancelled, or somebody else works on it."""


class Worker(Protocol):
    """Who reads and decides parts: a helper, or a thread of this process."""

    async def call(self, method: str, *arguments: object) -> Any:
        """What a method of its `Part` returns."""


class Here:
    """A part in a thread of this process."""

    def __init__(self) -> None:
        self._part = Part()

    async def call(self, method: str, *arguments: object) -> Any:
        """What a method of its `Part` returns."""
        return await asyncio.to_thread(getattr(self._part, method), *arguments)


@dataclass(frozen=True, slots=True)
class _Rules:
    zone: str
    draft: str | None
    versions: dict[int, str]
    budgets: dict[BudgetKey, int]
    tiers: dict[str, str]
    """By ambassador, where some of these rules have tiers."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A part as it lies in the database, with rewards of its orders that a person refused."""

    orders: Sequence[Found]
    refused: dict[str, list[Reward]]


@dataclass(slots=True)
class _Reading:
    """A part that is being read: its orders, by whom, and what it counts against once that is known."""

    orders: Sequence[Found]
    worker: Worker
    counters: "asyncio.Task[set[CountKey]]"


@dataclass(frozen=True, slots=True)
class _Decided:
    """A part that is decided: what it came to, and how counters stand behind it."""

    orders: Sequence[Found]
    figures: Figures
    spent: dict[BudgetKey, int]
    moved: dict[CountKey, tuple[int, int]]


@dataclass(slots=True)
class _Way:
    """How far a worker has got, in this sitting."""

    db: Database
    run: Run
    rules: _Rules
    part: int = PART
    spent: dict[BudgetKey, int] = field(default_factory=dict)


async def go_on(ctx: Context, store_id: str, simulation_id: str, *, within_s: float, part: int = PART) -> bool:
    """Goes on with a run for so long, or to its end. Returns whether something is left to do."""
    until = monotonic() + within_s
    try:
        run = await _begin(ctx.db, store_id, simulation_id, until=until)
        if run is None:
            return True
        way = _Way(ctx.db, run, await _rules(ctx.db, run), part)
        way.spent = {(store_id, run.program_id, unit): amount for unit, amount in run.spent.items()}
        async with AsyncExitStack() as stack:
            left = (run.orders or 0) - run.done
            workers: Sequence[Worker] = (
                [Here(), Here()]
                if left <= FEW
                else await stack.enter_async_context(helpers(f"{Part.__module__}:{Part.__name__}", HELPERS))
            )
            for worker in workers:
                await worker.call("rules", way.rules.zone, way.rules.draft, way.rules.versions, way.rules.tiers)
            return await _through(way, workers, until=until)
    except Stopped:
        return False


async def _begin(db: Database, store_id: str, simulation_id: str, *, until: float) -> Run | None:
    """The run, ready to go on: its orders counted, and its counters as they stood at the beginning. None where the time
    is up before that.
    """
    async with db.transaction([store_id]) as tx:
        run = await sql.one(tx, store_id, simulation_id)
    if run is None or run.state != "running":
        raise Stopped
    if run.orders is not None:
        return run
    found = _DATED_AT_ONCE
    while found == _DATED_AT_ONCE:
        async with db.transaction([store_id]) as tx:
            found = await orders.date_some(tx, store_id, run.program_id, count=_DATED_AT_ONCE)
        if found == _DATED_AT_ONCE and monotonic() > until:
            return None
    rules = await _rules(db, run)
    async with db.transaction([store_id]) as tx:
        found = await orders.count(tx, store_id, run.program_id, from_at=run.from_at, to_at=run.to_at)
        number = await last_before(tx, store_id, run.from_at)
        spent = await counts.stood(tx, store_id, run.program_id, from_at=run.from_at, number=number)
        if not await sql.counted(tx, store_id, simulation_id, orders=found, spent=spent):
            raise Stopped
        await counts.begin(
            tx,
            store_id,
            simulation_id,
            program_id=run.program_id,
            from_at=run.from_at,
            number=number,
            windows=_windows(rules, run.from_at),
        )
        begun = await sql.one(tx, store_id, simulation_id)
    if begun is None:
        raise Stopped
    return begun


def _windows(rules: _Rules, from_at: datetime) -> list[counts.Window]:
    """The periods of limits that hold the beginning: those that begin later start from nothing."""
    day = local_day(from_at, ZoneInfo(rules.zone))
    texts = rules.versions.values() if rules.draft is None else [rules.draft]
    found = periods_of(map(program_of, texts))
    return [(rule, period, *window(period, day)) for rule in sorted(found) for period in sorted(found[rule])]


async def _rules(db: Database, run: Run) -> _Rules:
    async with db.transaction([run.store_id]) as tx:
        zone = (await slices.shop(tx, run.store_id)).timezone
        versions = await slices.definitions(tx, run.store_id, run.program_id)
        texts = versions.values() if run.draft is None else [run.draft]
        ranked = any(program_of(text).tiers is not None for text in texts)
        in_tiers = await tiers.of_program(tx, run.store_id, run.program_id) if ranked else {}
        if run.draft is None:
            budgets = await slices.budgets(tx, [(run.store_id, run.program_id)])
            return _Rules(zone, None, versions, budgets, in_tiers)
    program = program_of(run.draft)
    budgets = (
        {}
        if program.budget is None
        else {(run.store_id, run.program_id, program.currency): program.budget.amount_minor}
    )
    return _Rules(zone, run.draft, versions, budgets, in_tiers)


async def _through(way: _Way, workers: Sequence[Worker], *, until: float) -> bool:
    """Part after part, to the end or until the time is up. Returns whether something is left.

    While a part is decided, the next one is read, the one behind it fetched, and the one before written.
    """
    first = await _fetch(way, way.run.after)
    fetched = await _behind(way, first)
    reading = _read(workers[0], first)
    decided: _Decided | None = None
    stopped = False
    try:
        for turn in count(1):
            # One part at least, however little time there is: a run always comes nearer to its end.
            if not reading.orders or (decided is not None and monotonic() > until):
                break
            following = _read(workers[turn % len(workers)], fetched)
            try:
                async with asyncio.TaskGroup() as all_of_them:
                    ahead = all_of_them.create_task(_behind(way, fetched))
                    deciding = all_of_them.create_task(_decide(way, reading, decided))
                    if decided is not None:
                        all_of_them.create_task(_take(way, decided))
            finally:
                reading = following
            fetched, decided = ahead.result(), deciding.result()
        if decided is not None:
            await _take(way, decided)
    except* Stopped:
        stopped = True  # what is raised here would come out in a group
    finally:
        reading.counters.cancel()
    if stopped:
        raise Stopped
    if reading.orders:
        return True
    await _finish(way)
    return False


async def _behind(way: _Way, part: _Fetched) -> _Fetched:
    """The part behind another one; behind an empty one there is nothing."""
    return await _fetch(way, (part.orders[-1].placed_at, part.orders[-1].order_id)) if part.orders else part


async def _fetch(way: _Way, after: tuple[datetime, str] | None) -> _Fetched:
    """The part behind a place, or the first one."""
    run = way.run
    async with way.db.transaction([run.store_id]) as tx:
        found = await orders.part(
            tx, run.store_id, run.program_id, from_at=run.from_at, to_at=run.to_at, after=after, count=way.part
        )
        refused: dict[str, list[Reward]] = {}
        keys = [(run.store_id, one.order_id) for one in found if one.refused]
        for reward in await rewards_sql.of_sources(tx, "order", keys) if keys else ():
            if reward.rejected_at is not None and reward.program_id == run.program_id:
                refused.setdefault(reward.source_id, []).append(reward)
    return _Fetched(found, refused)


def _read(worker: Worker, part: _Fetched) -> _Reading:
    """Hands a part over to be read."""
    kept = [(one.body, one.data, one.granted, one.held) for one in part.orders]
    return _Reading(part.orders, worker, asyncio.create_task(worker.call("read", kept, part.refused)))


async def _decide(way: _Way, reading: _Reading, before: _Decided | None) -> _Decided:
    """Has a part decided, with counters as the parts before have left them; those of the part right before it may not
    be written yet.
    """
    run = way.run
    keys = await reading.counters
    async with way.db.transaction([run.store_id]) as tx:
        now = tx.now
        standing = await counts.read(tx, run.store_id, run.simulation_id, run.program_id, keys)
    if before is not None:
        standing |= {key: found for key, found in before.moved.items() if key in standing}
    spent = way.spent if before is None else before.spent
    return _Decided(reading.orders, *await reading.worker.call("decide", way.rules.budgets, spent, standing, now))


async def _take(way: _Way, part: _Decided) -> None:
    """Writes what a part came to, once, whoever decided it."""
    run, last = way.run, part.orders[-1]
    run.figures.add(part.figures)
    async with way.db.transaction([run.store_id]) as tx:
        if not await sql.advance(
            tx,
            run,
            done=len(part.orders),
            after=(last.placed_at, last.order_id),
            spent={unit: amount for (_, _, unit), amount in part.spent.items()},
            figures=run.figures,
        ):
            raise Stopped
        await counts.keep(tx, run.store_id, run.simulation_id, part.moved)
        await sql.take_shares(tx, run.store_id, run.simulation_id, part.figures.shares)
    way.run = replace(run, part=run.part + 1)


async def _finish(way: _Way) -> None:
    async with way.db.transaction([way.run.store_id]) as tx:
        await sql.end(tx, way.run.store_id, way.run.simulation_id, state="done")
