"""Chance in tests: one seed for a run, new each time, which the run names and takes again.

Every run tries other examples. What fails is repeated with the seed that the run has printed: `make test SEED=…` (and
`ARGS=` with the file, since other tests need not run). `KITH_TEST_DOSE` multiplies how much is tried: `make test` takes
the usual dose, `make prove` many of them.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import core, settings

_SEED, _DOSE, _TALLY = "KITH_TEST_SEED", "KITH_TEST_DOSE", "KITH_TEST_TALLY"


def seed() -> int:
    """The run's seed."""
    return int(os.environ[_SEED])


def dose() -> float:
    """How many times the usual number of examples is tried."""
    return float(os.environ.get(_DOSE) or 1)


def examples(usual: int, *, proof: int = 1) -> int:
    """As many examples as the dose makes of the usual number; in a run that reports, not fewer than `proof`."""
    return max(proof if os.environ.get(_TALLY) else 1, round(usual * dose()))


def chance(of: str) -> random.Random:
    """Random numbers for one test, whichever others run beside it."""
    return random.Random(f"{seed()}:{of}")


def tally(what: str, tried: int) -> None:
    """Notes how many cases a test has tried, for a run that reports it."""
    if place := os.environ.get(_TALLY):
        with Path(place).open("a") as file:
            file.write(json.dumps({"what": what, "tried": tried}) + "\n")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draws the seed, unless one is given; workers get it from who started them."""
    given = config.getoption("--hypothesis-seed")
    number = given or os.environ.get(_SEED) or str(random.SystemRandom().randrange(10**9))
    os.environ[_SEED] = number
    config.option.hypothesis_seed = number
    core.global_force_seed = int(number)  # type: ignore[assignment]  # as its own option does
    # How long an example takes says nothing on a shared machine; the test's own time limit is over all of them. On a
    # CI machine Hypothesis would draw the same examples for ever: said here that it shall not.
    settings.register_profile("kith", max_examples=examples(100), deadline=None, derandomize=False, database=None)
    settings.load_profile("kith")


def pytest_report_header() -> str:
    """What a run is repeated with."""
    return f"chance: seed {seed()}, dose {dose():g} (the same again: make test SEED={seed()})"


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Says it once more below failures, where it is looked for."""
    yield
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(f"The same examples again: make test SEED={seed()}", yellow=True)
