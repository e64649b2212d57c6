"""Order → decision → rewards, postings, outbox → roll-ups: a backlog of accepted orders, until all of it is counted."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg

from benchmarks.baselines import one_by_one, per_event
from benchmarks.feed import facts, feed
from benchmarks.lab import Lab
from benchmarks.measure import Comparison, Sample, cpu_s, spread
from benchmarks.paths.http import micros
from benchmarks.report import Line
from benchmarks.stage import Stage, Store, until

SERVICES = ("links", "attribution", "rewards", "analytics")
MUST_BE = 8
SAME_WORK = "the same work (the product's own code), one transaction per event"
TUNED = "less work: rows of one kind of order by hand, raw asyncpg, one transaction per order"
EVENTS_PER_ORDER = 3
"""That analytics counts: one conversion, two rewards."""
_COUNTED = "select coalesce(sum(events), 0) from analytics.progress"


@dataclass(slots=True)
class Usual:
    """The baseline's process."""

    child: asyncio.subprocess.Process
    folder: Path

    async def say(self, word: str) -> None:
        """Sends a line."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{word}\n".encode())
        await self.child.stdin.drain()

    async def expect(self, word: str) -> None:
        """Waits for a line. Raises if another comes, or none."""
        assert self.child.stdout is not None
        line = (await self.child.stdout.readline()).decode().strip()
        if line != word:
            raise RuntimeError(f"the baseline said {line!r} instead of {word!r}")


@asynccontextmanager
async def usual_way(stage: Stage) -> AsyncIterator[Usual]:
    """The baseline, ready for orders of the stores that are known now."""
    url = stage.postgres.url(stage.database, user="postgres")
    command = [sys.executable, "-m", per_event.__name__, url]
    child = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    usual = Usual(child, stage.folder)
    try:
        await usual.expect("ready")
        yield usual
    finally:
        child.terminate()
        await child.wait()


def per_order(stage: Stage, usual: Usual, stores: Sequence[Store], count: int) -> Callable[[], Awaitable[Sample]]:
    """A round of the baseline."""

    async def once() -> Sample:
        file = usual.folder / "orders.jsonl"
        file.write_bytes(b"".join(fact.body + b"\n" for fact in facts(stage, stores, count)))
        await usual.say(f"go {file}")
        await usual.expect("kept")
        before, store_before, started = cpu_s([usual.child.pid]), cpu_s(stage.postgres_pids()), perf_counter()
        await usual.say("now")
        await usual.expect("done")
        return Sample(
            work=count,
            cpu_s=cpu_s([usual.child.pid]) - before,
            store_cpu_s=cpu_s(stage.postgres_pids()) - store_before,
            wall_s=perf_counter() - started,
        )

    return once


def through(stage: Stage, pids: Sequence[int], stores: Sequence[Store], count: int) -> Callable[[], Awaitable[Sample]]:
    """A round of ours: from the commit that accepted the orders to the moment when all are counted."""

    def others() -> float:
        return cpu_s([*stage.postgres_pids(), *stage.broker_pids()])

    async def once() -> Sample:
        async with stage.connected() as watch:
            goal = await watch.fetchval(_COUNTED) + EVENTS_PER_ORDER * count
            await feed(stage, stores, facts(stage, stores, count))
            before, store_before, started = cpu_s(pids), others(), perf_counter()
            await until(lambda: _counted(watch, goal), within=600)
            return Sample(
                work=count,
                cpu_s=cpu_s(pids) - before,
                store_cpu_s=others() - store_before,
                wall_s=perf_counter() - started,
            )

    return once


async def _counted(watch: asyncpg.Connection, goal: int) -> bool:
    return bool(await watch.fetchval(_COUNTED) >= goal)


async def all_services(stage: Stage, program: str = "services") -> tuple[int, list[int]]:
    """Everything in one process on the log; a process per service on Kafka. The port of links, and all processes."""
    if stage.kafka is None:
        port, pid = await stage.serve("all", program=program)
        return port, [pid]
    started = await asyncio.gather(*(stage.serve(name, program=program) for name in SERVICES))
    return started[0][0], [pid for _, pid in started]


async def pipeline(lab: Lab) -> None:
    """Both buses and both baselines in turn, for each mix of stores."""
    size, log, kafka = lab.size, lab.stage, await lab.on_kafka()
    apart = await log.beside("apart")
    stages = (log, kafka, apart)
    started = await asyncio.gather(
        all_services(log), all_services(kafka), all_services(apart, program=one_by_one.__name__)
    )
    for mix in size.mixes:
        people = 20 if mix == 1 else 3
        stores = await asyncio.gather(
            *(stage.stores(port, mix, ambassadors=people) for stage, (port, _) in zip(stages, started, strict=True))
        )
        async with usual_way(log) as usual:
            ways = [
                through(stage, pids, some, size.events if stage is not apart else size.single_events)
                for stage, (_, pids), some in zip(stages, started, stores, strict=True)
            ]
            ways.append(per_order(log, usual, stores[0], size.usual_events))
            for way in ways:
                await way()
            rounds = []
            for _ in range(size.pipeline_rounds):
                rounds.append([await way() for way in ways])
                lab.tick()
        *ours, single, tuned = zip(*rounds, strict=True)
        for bus, found in zip(("log", "Kafka"), ours, strict=True):
            lab.report.lines += _lines(bus, mix, found, single, tuned)


def _lines(
    bus: str, mix: int, ours: Sequence[Sample], single: Sequence[Sample], tuned: Sequence[Sample]
) -> Iterator[Line]:
    path = f"order → rewards → roll-ups, {bus}, {mix} store{'s' if mix > 1 else ''}"
    cost = micros(ours, store="PostgreSQL" if bus == "log" else "PostgreSQL and Kafka")
    for name, usual, least in ((SAME_WORK, single, MUST_BE), (TUNED, tuned, None)):
        found = Comparison(usual, ours)
        whole = f"; with PostgreSQL's share {median(found.total_ratios):.1f}"
        yield Line(
            *(path, f"{name}: {micros(usual)}", cost, spread(found.ratios) + whole),
            *(("–", None) if least is None else (f"≥ {least}", median(found.ratios) >= least)),
        )
