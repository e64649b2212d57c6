"""CPU time of process trees, rounds that alternate between a baseline and ours, and their median and spread."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

Used = Mapping[int, float]
"""Seconds by process number."""


def cpu_each(pids: Iterable[int]) -> Used:
    """User and system seconds used so far by each of these processes alone; those that are gone are left out."""
    used: dict[int, float] = {}
    for pid in pids:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.NoSuchProcess:
            continue
        used[pid] = times.user + times.system
    return used


def between(before: Used, after: Used) -> float:
    """Seconds used since. A process that came meanwhile counts from its start, one that went does not."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def cpu_s(pids: Iterable[int]) -> float:
    """User and system seconds used so far by these processes and all their descendants, those that ended included."""
    total = 0.0
    seen: set[int] = set()
    for pid in pids:
        try:
            root = psutil.Process(pid)
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        for process in family:
            if process.pid in seen:
                continue
            seen.add(process.pid)
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
    return total


def server_s(pid: int) -> float:
    """Seconds used so far by a PostgreSQL server, given its first process: by all that live, and by all that ended,
    which are parallel workers, closed sessions and rounds of autovacuum.

    Exact for those that live, where Linux keeps it: the usual figures go by hundredths of a second, which is more than
    an order takes. What has ended is known by hundredths only.
    """
    first = psutil.Process(pid)
    ended = first.cpu_times()
    return sum(map(_single_s, (first, *first.children()))) + ended.children_user + ended.children_system


def _single_s(process: psutil.Process) -> float:
    """Seconds of a process that has one thread, as PostgreSQL's have."""
    try:
        return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        pass
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def pss_mb(pids: Iterable[int]) -> float:
    """Proportional set size in megabytes of these processes and their descendants: each process, each page once."""
    family: dict[int, psutil.Process] = {}
    for pid in pids:
        root = psutil.Process(pid)
        family.update({process.pid: process for process in (root, *root.children(recursive=True))})
    return sum(process.memory_full_info().pss for process in family.values()) / 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one side: work done, CPU seconds of its own processes, and of PostgreSQL and the broker apart."""

    work: int
    cpu_s: float
    store_cpu_s: float = 0.0
    wall_s: float = 0.0
    p50_ms: float = float("nan")
    p99_ms: float = float("nan")

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU for one request or event, own processes only."""
        return self.cpu_s / self.work * 1e6 if self.work else float("nan")

    @property
    def store_cpu_us(self) -> float:
        """Microseconds that PostgreSQL and the broker spent for one."""
        return self.store_cpu_s / self.work * 1e6 if self.work else float("nan")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours against the baseline: per-round ratios of capacity per core (baseline CPU ÷ our CPU)."""

    baseline: Sequence[Sample]
    ours: Sequence[Sample]

    @property
    def ratios(self) -> list[float]:
        """Capacity per core relative to the baseline, one figure per round."""
        return [b.cpu_us / o.cpu_us for b, o in zip(self.baseline, self.ours, strict=True)]

    @property
    def total_ratios(self) -> list[float]:
        """The same with the share of PostgreSQL and the broker counted on both sides."""
        return [
            (b.cpu_us + b.store_cpu_us) / (o.cpu_us + o.store_cpu_us)
            for b, o in zip(self.baseline, self.ours, strict=True)
        ]


Run = Callable[[], Awaitable[Sample]]


async def alternate(baseline: Run, ours: Run, *, rounds: int, tick: Callable[[], None] = lambda: None) -> Comparison:
    """A B A B …: one warm-up of each, then `rounds` of both in turn, so that a drifting machine hits both alike."""
    await baseline()
    await ours()
    pairs: list[tuple[Sample, Sample]] = []
    for _ in range(rounds):
        pairs.append((await baseline(), await ours()))
        tick()
    return Comparison([b for b, _ in pairs], [o for _, o in pairs])


def spread(values: Sequence[float]) -> str:
    """Median with the lowest and highest, as text."""
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
