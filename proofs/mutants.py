"""Faults put into the rules, one at a time (mutmut): does any test notice?

What decides money and attribution is pure, so a mutant is tried in a fraction of a second. Those of a file are drawn by
the run's seed, as many as fit the time: a short run sees some, a long one all.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from proofs.report import Part

ROOT = Path(__file__).resolve().parents[1]
LISTED = 60
"""Survivors that the report shows."""
FIRST = 40
"""Mutants of the tool's first run: how long they take says how many more there is time for."""
_LINE = re.compile(r"^\s+(\S+__mutmut_\d+): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """Files with rules, and the tests that must notice what changes in them."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]


SUBJECTS = (
    Subject(
        "the ledger",
        ("services/rewards/ledger/domain.py", "services/rewards/verification/domain.py"),
        ("tests/unit/rewards", "tests/property/rewards", "tests/integration/rewards/test_books.py"),
    ),
    Subject(
        "rules and rewards",
        ("services/rewards/rules/domain", "services/rewards/grants/domain"),
        ("tests/unit/rewards", "tests/property/rewards"),
    ),
    Subject(
        "decisions",
        ("services/attribution/decisions/domain",),
        (
            "tests/unit/attribution",
            "tests/property/attribution/test_any_order.py",
            "tests/property/attribution/test_reading.py",
        ),
    ),
)


def run(seconds: float, seed: int, workers: int) -> Part:
    """Tries mutants of all subjects, in equal shares of the time."""
    part = Part("mutants", {})
    ends = time.monotonic() + seconds
    for number, subject in enumerate(SUBJECTS):
        share = (ends - time.monotonic()) / (len(SUBJECTS) - number)
        with tempfile.TemporaryDirectory(prefix="kith-mutants-") as scratch:
            place = Path(scratch) / "kith"
            _copy(place)
            _configure(place, subject)
            _try(place, subject, share, seed, workers, part)
    return part


def _copy(place: Path) -> None:
    """The files as they are here: mutants are made beside them, and nothing is written into the work tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)


def _configure(place: Path, subject: Subject) -> None:
    lines = ["[mutmut]"]
    for name, values in {
        "source_paths": sorted(
            {str(Path(source).parent if source.endswith(".py") else source) for source in subject.sources}
        ),
        "only_mutate": [source if source.endswith(".py") else f"{source}/*" for source in subject.sources],
        "pytest_add_cli_args_test_selection": [*subject.tests],
        "also_copy": ["services", "contracts", "demo", "tests", "pyproject.toml"],
    }.items():
        lines += [f"{name}=", *(f"    {value}" for value in values)]
    (place / "setup.cfg").write_text("\n".join(lines) + "\n")


def _try(place: Path, subject: Subject, seconds: float, seed: int, workers: int, part: Part) -> None:
    ends = time.monotonic() + seconds
    output = _mutmut(place, seed, "run", "nothing.*")  # makes the mutants, and runs the tests without any
    drawn = sorted(_states(place))
    if not drawn:
        part.failures.append(f"no mutants of {subject.name} were made:\n{output[-3000:]}")
        return
    random.Random(seed).shuffle(drawn)
    left, many = list(drawn), FIRST
    while left and many > 0:
        began = time.monotonic()
        some, left = left[:many], left[many:]
        output = _mutmut(place, seed, "run", "--max-children", str(workers), *some)
        # A run begins with all tests on the rules as they are; the more mutants, the less each has to bear of that.
        each_s = (time.monotonic() - began) / len(some)
        many = int((ends - time.monotonic()) / each_s)
    states = _states(place)
    counts = Counter(state for state in states.values() if state != "not checked")
    if not counts:
        part.failures.append(f"no mutant of {subject.name} could be tried:\n{output[-3000:]}")
    part.table.append((subject.name, len(drawn), counts))
    part.tried[f"mutants of {subject.name}"] += counts.total()
    survivors = sorted(name for name, state in states.items() if state == "survived")
    part.survivors += [(name, _difference(place, seed, name)) for name in survivors[:LISTED]]
    part.unlisted += max(0, len(survivors) - LISTED)


def _states(place: Path) -> dict[str, str]:
    return dict(_LINE.findall(_mutmut(place, 0, "results", "--all", "true")))


def _difference(place: Path, seed: int, name: str) -> str:
    shown = _mutmut(place, seed, "show", name)
    return "\n".join(line for line in shown.splitlines() if re.match(r"[+-](?![+-]{2} )", line))


def _mutmut(place: Path, seed: int, *words: str) -> str:
    env = {**os.environ, "KITH_TEST_SEED": str(seed), "KITH_TEST_DOSE": "0.1", "PYTHONPATH": "", "COLUMNS": "300"}
    argv = [str(Path(sys.executable).with_name("mutmut")), *words]
    ended = subprocess.run(argv, cwd=place, env=env, capture_output=True, text=True, errors="replace")
    return ended.stdout + ended.stderr
