"""What a run found, as a page with its date and its dose."""

import os
import platform
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FULL_MINUTES = 240


@dataclass
class Part:
    """One part of a run: what was tried, and what failed."""

    name: str
    of: Mapping[str, int]
    tried: Counter[str] = field(default_factory=Counter)
    rounds: list[tuple[int, float, int, float]] = field(default_factory=list)
    """Seed, dose, cases, seconds."""
    failures: list[str] = field(default_factory=list)
    table: list[tuple[str, int, Counter[str]]] = field(default_factory=list)
    """Of mutants: subject, how many there are, and what became of those that were tried."""
    survivors: list[tuple[str, str]] = field(default_factory=list)
    unlisted: int = 0
    seconds: float = 0.0

    @property
    def summary(self) -> str:
        """In one line."""
        return f"{self.tried.total():,} tried, {len(self.failures)} failures"


def write(folder: Path, parts: Sequence[Part], *, began: datetime, minutes: float, seed: int, asked: str = "") -> Path:
    """Writes the page of a run; one of the same day and dose is replaced. `asked`: what narrowed it."""
    folder.mkdir(exist_ok=True)
    of = "-".join(["", *(word for word in asked.replace("/", " ").split() if not word.startswith("--"))])
    place = folder / f"{began:%Y-%m-%d}-{minutes:g}-minutes{of}.md"
    place.write_text("\n".join(_page(parts, began=began, minutes=minutes, seed=seed, asked=asked)) + "\n")
    return place


def _page(parts: Sequence[Part], *, began: datetime, minutes: float, seed: int, asked: str) -> Iterator[str]:
    yield f"# {began:%Y-%m-%d}: {minutes:g} minutes"
    yield ""
    whole = minutes >= FULL_MINUTES and not asked
    dose = "The full dose" if whole else f"{minutes / FULL_MINUTES:.0%} of the full dose of {FULL_MINUTES} minutes"
    yield (
        f"{dose}, begun at {began:%H:%M} UTC on commit {_commit()}, with {os.cpu_count()} processors"
        f" ({platform.machine()}, load average {os.getloadavg()[2]:.1f}), Python {platform.python_version()}."
        f' Seed {seed}: `make prove MINUTES={minutes:g} ARGS="--seed {seed}{asked}"`.'
    )
    yield from ("", "| part | took | tried | failed |", "|---|---|---|---|")
    for part in parts:
        tried = "; ".join(f"{count:,} {what}" for what, count in sorted(part.tried.items()))
        yield f"| {part.name} | {part.seconds / 60:.1f} min | {tried} | {len(part.failures)} |"
    for part in parts:
        if part.rounds:
            yield from (
                "",
                f"## {part.name.capitalize()}",
                "",
                "| seed | dose | cases | seconds |",
                "|---|---|---|---|",
            )
            yield from (f"| {seed} | {dose:g} | {cases:,} | {spent:.0f} |" for seed, dose, cases, spent in part.rounds)
        if part.failures:
            yield from ("", "Failed:", "", *(f"- {failure}" for failure in part.failures))
        if part.table:
            yield from _mutants(part)


def _mutants(part: Part) -> Iterator[str]:
    yield from (
        "",
        "## Mutants",
        "",
        "| of | there are | tried | noticed | survived | no test runs it |",
        "|---|---|---|---|---|---|",
    )
    for name, all_of_them, counts in part.table:
        noticed = sum(count for state, count in counts.items() if state not in {"survived", "no tests"})
        survived, untested = counts["survived"], counts["no tests"]
        yield f"| {name} | {all_of_them:,} | {counts.total():,} | {noticed:,} | {survived:,} | {untested:,} |"
    if part.survivors:
        yield from ("", "Survivors, to be read: some mean the same as what they replace, the others lack a test.", "")
        for name, difference in part.survivors:
            yield from (f"`{name}`", "```diff", difference, "```")
    if part.unlisted:
        yield f"… and {part.unlisted} more."


def _commit() -> str:
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return revision.stdout.strip() or "unknown"
