"""A store with a million postings: how fast its books are verified, who waits meanwhile, and what limits cost there."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from time import perf_counter

from benchmarks.books import DAYS, add_rewards, write_books
from benchmarks.feed import shaped
from benchmarks.lab import Lab, Size
from benchmarks.measure import server_s
from benchmarks.paths.growth import PAST, reported
from benchmarks.paths.pipeline import all_services
from benchmarks.report import Line
from benchmarks.stage import LIMITED, Stage, Store
from services.common.periods import Period, window
from services.kernel.db import Database
from services.rewards.grants.domain.caps import CountKey
from services.rewards.grants.sql import limits

LOCK_MS, LIMITS_MS = 100, 10
AT_ONCE = 300
"""Ambassadors whose limits one batch asks for."""
LOOKS, MOVES = 200, 50
PERIODS: tuple[Period, Period] = ("month", "week")
"""By which the program limits, and by which it never did: what counts against the latter is summed up."""
EVERY_S = 0.005
"""So long after it had the lock the other session asks for it again."""


async def ledger(lab: Lab) -> None:
    """One store of a real shape, in a database of its own: orders that went the real way, multiplied."""
    stage, size = await lab.stage.beside("ledger"), lab.size
    store = await _lived(stage, size)
    postings = await write_books(stage, store, postings=size.postings)
    lab.tick()
    lab.report.lines.append(await verifying(stage, store, postings, size))
    lab.tick()
    rewards = await add_rewards(stage, store, rewards=size.rewards)
    lab.report.lines += await limited(stage, store, rewards)
    lab.tick()


async def _lived(stage: Stage, size: Size) -> Store:
    """A store with some orders, settled and open, of which a part went back. Its services have ended."""
    port, _ = await all_services(stage)
    (store,) = await stage.stores(port, 1, ambassadors=size.people, program=LIMITED)
    for share, ago in ((0.9, PAST), (0.1, timedelta(minutes=1))):
        count = int(size.templates * share)
        await reported(stage, store, shaped(stage, store, count, customers=size.templates, ago=ago))
    stage.end_all()
    return store


async def verifying(stage: Stage, store: Store, postings: int, size: Size) -> Line:
    """`kith ledger verify` in a process of its own, while another session asks for the store's lock again and again.

    Raises `RuntimeError` if it does not find the books whole.
    """
    alone = await _locking(stage, store, until=asyncio.create_task(asyncio.sleep(min(5.0, size.seconds * 2))))
    command = [sys.executable, "-m", "services", "ledger", "verify", "--store", store.id, "--json"]
    (server,) = stage.postgres_pids()
    before, began = server_s(server), perf_counter()
    child = await asyncio.create_subprocess_exec(*command, env=dict(stage.environment), stdout=subprocess.PIPE)
    waits = await _locking(stage, store, until=asyncio.create_task(_ended(child)))
    wall, used = perf_counter() - began, server_s(server) - before
    assert child.stdout is not None
    found = json.loads((await child.stdout.read()).splitlines()[0])
    if not found["whole"] or found["entries"] != postings:
        raise RuntimeError(f"the books are not what they should be: {found}")
    longest = max(waits)
    return Line(
        f"`kith ledger verify` of a store with {postings:,} postings, in {found['sets']:,} sets",
        f"its lock, asked for when nothing else happens: at most {max(alone):.1f} ms",
        f"{postings / wall:,.0f} postings a second ({wall:.0f} s, PostgreSQL's CPU {used:.0f} s); its lock, asked for"
        f" {len(waits):,} times meanwhile by another session: p50 {median(waits):.1f} ms, at most {longest:.1f} ms",
        "–",
        f"no lock longer than {LOCK_MS} ms",
        longest <= LOCK_MS,
    )


async def _ended(child: asyncio.subprocess.Process) -> None:
    if await child.wait():
        raise RuntimeError(f"kith ledger verify ended with {child.returncode}")


async def _locking(stage: Stage, store: Store, *, until: "asyncio.Task[None]") -> list[float]:
    """Milliseconds that somebody waited for the store's lock, time after time as long as something lasts."""
    waits: list[float] = []
    db = Database(stage.database_url, schema="rewards", pool_size=1)
    try:
        while not until.done():
            async with db.transaction([store.id]) as tx:
                await tx.lock_stores([store.id])
                waits.append(tx.waited_s * 1e3)
            await asyncio.sleep(EVERY_S)
    finally:
        await db.close()
    await until
    return waits


async def limited(stage: Stage, store: Store, rewards: int) -> list[Line]:
    """What a batch asks of limits per ambassador, as the services' role and, beside it, as the owner of the tables whom
    row-level security does not concern.
    """
    async with stage.connected() as connection:
        people = [
            row["ambassador_id"]
            for row in await connection.fetch(
                "select ambassador_id from rewards.limit_counts where store_id = $1"
                " group by 1 order by sum(rewards) desc",
                store.id,
            )
        ]
        counters = await connection.fetchval("select count(*) from rewards.limit_counts where store_id = $1", store.id)
    today = datetime.now(UTC).date()
    service = Database(stage.database_url, schema="rewards", pool_size=1)
    owner = Database(stage.database_url, schema="rewards", pool_size=1, role=None)
    monthly, weekly = (partial(_keys, store, people, random.Random(7), today, kind) for kind in PERIODS)
    try:
        ours, as_owner = await _in_turn(LOOKS, _look(service, store, monthly), _look(owner, store, monthly))
        (moved,) = await _in_turn(MOVES, _move(service, store, monthly))
        (summed,) = await _in_turn(MOVES, _look(service, store, weekly))
    finally:
        await service.close()
        await owner.close()
    shape = f"{_asked(people)} of {len(people):,} ambassadors, a store with {rewards:,} rewards, {counters:,} counters"
    return [
        Line(
            f"limits per ambassador: what counts against them, as `kith_app`; {shape}",
            f"as the tables' owner: p50 {median(as_owner):.1f} ms, p95 {_p95(as_owner):.1f} ms",
            f"p50 {median(ours):.1f} ms, p95 {_p95(ours):.1f} ms; moving them: p95 {_p95(moved):.1f} ms",
            f"{median(as_owner) / median(ours):.2f}",
            f"p95 ≤ {LIMITS_MS} ms",
            max(_p95(ours), _p95(moved)) <= LIMITS_MS,
        ),
        Line(
            "the same for periods that began before their limit did: summed up from rewards, once for each",
            "–",
            f"p50 {median(summed):.1f} ms, p95 {_p95(summed):.1f} ms",
            "–",
        ),
    ]


async def _in_turn(times: int, *ways: Callable[[], Awaitable[float]]) -> list[list[float]]:
    """What each of them said, time after time, after three to warm up."""
    durations: list[list[float]] = [[] for _ in ways]
    for turn in range(times + 3):
        for way, into in zip(ways, durations, strict=True):
            took = await way()
            if turn >= 3:
                into.append(took)
    return durations


def _asked(people: Sequence[str]) -> int:
    return min(AT_ONCE, len(people) // 2)


def _keys(store: Store, people: Sequence[str], chance: random.Random, today: date, period: Period) -> list[CountKey]:
    """What the orders of one batch count against: some ambassadors, the best ones oftener, each in a month or week of
    the last year; most in the present one.
    """
    chosen: dict[str, date] = {}
    while len(chosen) < _asked(people):
        one = people[int(len(people) ** chance.random()) - 1]
        chosen[one] = today - timedelta(days=chance.randrange(DAYS) if chance.random() < 0.2 else 0)
    rule = str(LIMITED["rewards"][1]["name"])  # type: ignore[index]
    return [
        CountKey(store.id, store.program_id, rule, one, period, window(period, day)[0]) for one, day in chosen.items()
    ]


def _look(db: Database, store: Store, ask: Callable[[], list[CountKey]]) -> Callable[[], Awaitable[float]]:
    async def once() -> float:
        keys = ask()
        async with db.transaction([store.id]) as tx:
            began = perf_counter()
            found = await limits.tallies(tx, keys)
            took = (perf_counter() - began) * 1e3
        if len(found) != len(keys):
            raise RuntimeError(f"{len(keys)} limits were asked for, {len(found)} came")
        return took

    return once


class _Undone(Exception):
    """Ends a transaction whose effect is not wanted."""


def _move(db: Database, store: Store, ask: Callable[[], list[CountKey]]) -> Callable[[], Awaitable[float]]:
    """Counts one reward of each in, and takes it back."""

    async def once() -> float:
        keys, took = ask(), 0.0
        with suppress(_Undone):
            async with db.transaction([store.id]) as tx:
                await tx.lock_stores([store.id])
                began = perf_counter()
                await limits.count(tx, [(key.limit, key.first, 100, 1) for key in keys])
                took = (perf_counter() - began) * 1e3
                raise _Undone
        return took

    return once


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]
