"""`make prove`: full doses of what `make test` tries a little of, within a given time, and a dated report of it."""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from proofs import mutants, rounds
from proofs.report import Part, write

RESULTS = Path(__file__).parent / "results"
SHARES = {"properties": 0.35, "fuzz": 0.25, "mutants": 0.4}
"""Of the time, for each part."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the parts one after the other. 1 if anything failed; mutants that survive are a list to read."""
    parser = argparse.ArgumentParser(prog="python -m proofs", description=__doc__)
    parser.add_argument("--minutes", type=float, default=240, help="how long, in all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--only", choices=SHARES, help="this part only, for all of the time")
    parser.add_argument("--under", default="", help="with --only: tests of this folder, or of files that begin so")
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args(arguments)
    parts: dict[str, Callable[[float, int, int], Part]] = {
        "properties": partial(rounds.properties, under=wanted.under),
        "fuzz": partial(rounds.fuzz, under=wanted.under),
        "mutants": mutants.run,
    }
    began = datetime.now(UTC)
    print(f"Seed {wanted.seed}, {wanted.minutes:g} minutes", flush=True)
    found: list[Part] = []
    for name, part in parts.items():
        if wanted.only in (None, name):
            share = 1.0 if wanted.only else SHARES[name]
            started = time.monotonic()
            done = part(wanted.minutes * 60 * share, wanted.seed, wanted.workers)
            done.seconds = time.monotonic() - started
            found.append(done)
            print(f"{name}: {done.summary}", flush=True)
    asked = " ".join(["", *(f"--{name} {value}" for name in ("only", "under") if (value := getattr(wanted, name)))])
    place = write(RESULTS, found, began=began, minutes=wanted.minutes, seed=wanted.seed, asked=asked)
    print(f"\n{place.read_text()}\n{place}")
    return 1 if any(part.failures for part in found) else 0


if __name__ == "__main__":
    sys.exit(main())
