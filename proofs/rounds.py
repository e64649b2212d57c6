"""Random tests in rounds: each with a seed of its own, and as many examples as the time allows."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from proofs.report import Part

ROOT = Path(__file__).resolve().parents[1]
MOST = 40.0
"""Times the usual dose in one round. Rather another round than a larger one: a new seed leads elsewhere."""
SPARE = 0.85
"""Of what is left, so that a round ends in time."""
PATIENCE_S = 3600
"""For one test of a large dose."""
_EXAMPLES = re.compile(r"- (\d+) passing, \d+ failing,? and \d+ invalid test cases")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def properties(seconds: float, seed: int, workers: int, under: str = "") -> Part:
    """Laws over random histories, values and races. `under`: what the names of the files taken begin with."""
    files = [file for file in _test_files(under) if _mentions(file, "hypothesis") and not _mentions(file, "tally(")]
    return _rounds("properties", files, seconds, seed, workers)


def fuzz(seconds: float, seed: int, workers: int, under: str = "") -> Part:
    """Requests by chance to every described operation, and changes of whatever is signed."""
    return _rounds("fuzz", [file for file in _test_files(under) if _mentions(file, "tally(")], seconds, seed, workers)


def _test_files(under: str) -> list[Path]:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [file for file in files if str(file.relative_to(ROOT)).startswith(under)]


def _mentions(file: Path, word: str) -> bool:
    # What tests this machinery itself is none of its subjects.
    return file.name != "test_chance.py" and word in file.read_text()


def _rounds(name: str, files: list[Path], seconds: float, seed: int, workers: int) -> Part:
    part = Part(name, {"test files": len(files)})
    ends = time.monotonic() + seconds
    dose, number, second_s = 1.0, 0, 0.0
    while number == 0 or dose >= 0.2:
        began = time.monotonic()
        tried = _round(files, seed + number, dose, workers, part)
        spent = time.monotonic() - began
        second_s = max(second_s, spent / dose)  # what starts is paid once, so a larger dose takes less than this
        number += 1
        part.rounds.append((seed + number - 1, dose, sum(tried.values()), spent))
        part.tried += tried
        left = (ends - time.monotonic()) * SPARE
        dose = min(MOST, left / second_s)
        dose = round(dose, 1)
    return part


def _round(files: list[Path], seed: int, dose: float, workers: int, part: Part) -> Counter[str]:
    """One run of pytest. Adds what failed, with how to see it again."""
    with tempfile.TemporaryDirectory() as scratch:
        tally = Path(scratch) / "tally"
        env = {
            **os.environ,
            "KITH_TEST_SEED": str(seed),
            "KITH_TEST_DOSE": f"{dose:g}",
            "KITH_TEST_TALLY": str(tally),
        }
        argv = [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            str(workers),
            "--no-loadscope-reorder",
            "-o",
            f"timeout={PATIENCE_S}",
        ]
        ended = subprocess.run(
            [*argv, "--hypothesis-show-statistics", *(str(file.relative_to(ROOT)) for file in files)],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
        )
        tried = Counter({"examples of properties": sum(int(found[1]) for found in _EXAMPLES.finditer(ended.stdout))})
        if tally.exists():
            for line in tally.read_text().splitlines():
                entry = json.loads(line)
                tried[entry["what"]] += entry["tried"]
    failed = sorted(set(_FAILED.findall(ended.stdout)))
    part.failures += [f"`{test}`, again with `make test SEED={seed} ARGS={test.partition('::')[0]}`" for test in failed]
    if failed or ended.returncode not in (0, 1):
        print(ended.stdout[-20_000:], ended.stderr[-5_000:], flush=True)
    if ended.returncode not in (0, 1):
        part.failures.append(f"pytest ended with {ended.returncode} at seed {seed}")
    return +tried
