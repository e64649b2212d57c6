"""A run's seed: new each time, named by the run, and enough to try the very same examples again."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.chance import examples
from tests.support.product import ROOT

DRAWING = """
from pathlib import Path
from hypothesis import given, settings, strategies as st
from tests.support.chance import chance, examples

DRAWN = Path(__file__).with_name("drawn")


@settings(max_examples=examples(20))
@given(st.integers())
def test_by_hypothesis(number):
    with DRAWN.open("a") as file:
        print(number, file=file)


def test_by_chance():
    with DRAWN.open("a") as file:
        print(chance("a test").random(), file=file)


@given(st.integers())
def test_that_fails(number):
    assert number < 1000
"""


def run(folder: Path, **env: str) -> tuple[str, list[str]]:
    """Runs the file above by itself; what it said and what it drew."""
    folder.mkdir(exist_ok=True)
    (folder / "test_drawing.py").write_text(DRAWING)
    (folder / "drawn").unlink(missing_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KITH_TEST", "PYTEST"))}
    argv = [sys.executable, "-m", "pytest", "-p", "tests.support.chance", "-c", os.devnull, "--rootdir", str(folder)]
    ended = subprocess.run(
        [*argv, "-p", "no:cacheprovider", "-p", "no:schemathesis", str(folder)],
        env={**clean, "CI": "true", **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stdout, (folder / "drawn").read_text().split()


def test_every_run_draws_anew_and_says_how_to_draw_the_same_again(tmp_path: Path) -> None:
    output, first = run(tmp_path / "one")
    _, second = run(tmp_path / "two")
    assert first != second
    seed = re.findall(r"make test SEED=(\d+)", output)
    assert len(seed) == 2  # above all tests, and below those that failed
    again, third = run(tmp_path / "three", KITH_TEST_SEED=seed[0])
    assert third == first
    assert re.findall(r"number=(\d+)", again) == re.findall(r"number=(\d+)", output) != []


def test_a_dose_multiplies_what_is_tried(tmp_path: Path) -> None:
    assert len(run(tmp_path / "usual")[1]) == 20 + 1
    assert len(run(tmp_path / "more", KITH_TEST_DOSE="3")[1]) == 60 + 1


def test_a_run_that_reports_tries_as_many_as_were_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_TEST_DOSE", "2")
    monkeypatch.delenv("KITH_TEST_TALLY", raising=False)
    assert examples(20, proof=5_000) == 40
    monkeypatch.setenv("KITH_TEST_TALLY", str(tmp_path / "tally"))
    assert (examples(20, proof=5_000), examples(20, proof=30)) == (5_000, 40)
