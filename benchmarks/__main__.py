"""`python -m benchmarks [path …]`: measures the paths and writes `RESULTS.md`. QUICK=1 does it in two minutes."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import zip_longest
from pathlib import Path

import uvloop
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.lab import FULL, QUICK, Lab, Size
from benchmarks.paths import PATHS, Measured
from benchmarks.report import Report, Results
from benchmarks.stage import staged

RESULTS = Path(__file__).parent / "RESULTS.md"
MOST_S = 1800
"""A path that takes longer hangs."""


def main() -> None:
    """Reads the command line and runs."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="path", help=f"only these; of {', '.join(PATHS)}")
    parser.add_argument("--out", type=Path, help="a page for what this run finds alone")
    parser.add_argument("--keep", action="store_true", help="put these paths into RESULTS.md (default if all run)")
    reported = parser.parse_args()
    if unknown := sorted(set(reported.paths) - set(PATHS)):
        parser.error(f"there is no path {unknown[0]!r}; there are {', '.join(PATHS)}")
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    chosen = [path for name, path in PATHS.items() if not reported.paths or name in reported.paths]
    results = None
    if reported.out is not None:
        results = Results(reported.out, [path.name for path in chosen], "quick" if quick else "full")
    elif not quick and (reported.keep or not reported.paths):
        results = Results(RESULTS, list(PATHS), "full")
        results.read()
    sys.exit(0 if uvloop.run(run(QUICK if quick else FULL, chosen, results)) else 1)


async def run(size: Size, chosen: Sequence[Measured], results: Results | None) -> bool:
    """Measures one path after the other, and says whether all could be. One that fails leaves its results as they were.

    What was found is written after each path: however a run ends, no path is lost that was measured.
    """
    if (own := asyncio.current_task()) is not None:  # who is told to end must not leave servers behind
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, own.cancel)
    load = os.getloadavg()[0]
    report = Report(size.name)
    failed = {path.name: "the run ended before it" for path in chosen}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder, Progress(*columns) as progress:
        bar = progress.add_task("starting PostgreSQL", total=sum(path.steps(size) for path in chosen))
        async with staged(Path(folder)) as stage, AsyncExitStack() as stack:
            lab = Lab(size, Path(folder), stage, report, lambda: progress.advance(bar), stack)
            for path, following in zip_longest(chosen, chosen[1:]):
                progress.update(bar, description=path.name)
                started = time.perf_counter()
                why = await _measured(path, lab)
                found = report.taken(load)
                if why is not None:
                    failed[path.name] = why
                    progress.print(f"[red]{path.name} failed: {escape(why)}")
                else:
                    del failed[path.name]
                if why is not None or following is None or following.group != path.group:
                    lab.close()
                for line in found.lines:
                    text = f"{line.path}: {line.ours} | {line.baseline} | {line.ratio} | {line.verdict}"
                    progress.print(escape(text))
                progress.print(f"[dim]{path.name} took {time.perf_counter() - started:.0f} s")
                if results is not None:
                    results.missing = failed
                    if why is None:
                        results.found[path.name] = found
                    results.write()
    return not failed


async def _measured(path: Measured, lab: Lab) -> str | None:
    """Runs a path; returns why it failed, if it did."""
    try:
        async with asyncio.timeout(MOST_S):
            await path.run(lab)
    except Exception as error:  # whatever it was, the other paths are worth measuring
        traceback.print_exc()
        return " ".join(f"{type(error).__name__}: {error}".split())
    return None


if __name__ == "__main__":
    main()
