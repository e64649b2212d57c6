"""Drawing for a file: SVG with a viewBox and every colour written out, to be opened anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from services.ui.charts.ink import Anchor, svg, text_width


@dataclass(frozen=True)
class Palette:
    """The stylesheet's tokens as colours; a test holds the two together."""

    surface: str
    ink: str
    ink_3: str
    line: str
    control: str
    series: dict[str, str]


LIGHT = Palette(
    surface="#FFF",
    ink="#13201A",
    ink_3="#5D6B65",
    line="#E2E8E5",
    control="#7C8983",
    series={
        "clicks": "#77848E",
        "signups": "#0E93CE",
        "orders": "#5646C4",
        "revenue": "#0A6043",
        "rewards": "#B47E06",
        "refunds": "#C41558",
        "muted": "#7C8983",
    },
)
DARK = Palette(
    surface="#111614",
    ink="#E8EFEB",
    ink_3="#93A19B",
    line="#232B28",
    control="#6F7E78",
    series={
        "clicks": "#737B88",
        "signups": "#A9D9FB",
        "orders": "#9791FC",
        "revenue": "#2BB389",
        "rewards": "#FBBF4D",
        "refunds": "#E6324A",
        "muted": "#6F7E78",
    },
)


@dataclass
class FileInk:
    """Collects the parts of one picture whose plot lies at `left`, `top`; all lengths in pixels."""

    palette: Palette
    left: float
    top: float
    width: float
    height: float
    parts: list[Markup] = field(default_factory=list)
    _hatches: set[str] = field(default_factory=set)

    def rect(self, x: float, y: float, width: float, height: float, cls: str) -> None:
        self._add('<rect x="{}" y="{}" width="{}" height="{}" {}/>', *self._box(x, y, width, height), self._fill(cls))

    def hatched(self, x: float, y: float, width: float, height: float, series: str) -> None:
        colour = self.palette.series[series]
        if series not in self._hatches:
            self._hatches.add(series)
            self._add('<defs><pattern id="hatch-{}" width="5" height="5" patternUnits="userSpaceOnUse" ', series)
            self._add('patternTransform="rotate(45)"><rect width="2.2" height="5" fill="{}"/></pattern></defs>', colour)
        self._add('<rect x="{}" y="{}" width="{}" height="{}" ', *self._box(x, y, width, height))
        self._add('fill="url(#hatch-{})" stroke="{}"/>', series, colour)

    def across(self, y: float, cls: str, *, x1: float = 0.0, x2: float = 1.0) -> None:
        ends = (self._x(x1), self._x(x2), self._y(y), self._y(y))
        self._add('<line x1="{}" x2="{}" y1="{}" y2="{}" {}/>', *ends, self._stroke(cls))

    def upright(self, x: float, cls: str, *, above: int = 0) -> None:
        ends = (self._x(x), self._x(x), self.top - above, self.top + self.height)
        self._add('<line x1="{}" x2="{}" y1="{}" y2="{}" {}/>', *ends, self._stroke(cls))

    def path(self, points: Sequence[tuple[float, float]], cls: str, *, dashed: bool = False) -> None:
        drawn = " ".join(f"{'L' if n else 'M'}{self._x(x):g} {self._y(y):g}" for n, (x, y) in enumerate(points))
        dash = Markup(' stroke-dasharray="4 4"') if dashed else Markup("")
        self._add('<path d="{}" fill="none" {}{}/>', drawn, self._stroke(cls), dash)

    def dot(self, x: float, y: float, cls: str) -> None:
        self._add('<circle cx="{}" cy="{}" r="3" {}/>', self._x(x), self._y(y), self._fill(cls))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        dx: float = 0,
        dy: float = 0,
        anchor: Anchor = "start",
        wide: bool = False,
    ) -> None:
        at = (self._x(x) + dx, self._y(y) + dy)
        self._add('<text x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>', *at, anchor, self.palette.ink_3, text)

    def badge(self, x: float, row: int, label: str, text: str, *, dx: float = 0) -> None:
        width = round(text_width(label, bold=True) + 10)
        left, top = round(self._x(x) + dx, 2), self.top - 22 * (row + 1) - 2
        look = self.palette
        self._add('<rect x="{}" y="{}" width="{}" height="17" rx="3" fill="{}"/>', left, top, width, look.ink)
        self._add('<text x="{}" y="{}" text-anchor="middle" font-weight="600" ', left + width / 2, top + 12.5)
        self._add('fill="{}">{}</text>', look.surface, label)
        self._add('<text x="{}" y="{}" fill="{}">{}</text>', left + width + 6, top + 12.5, look.ink_3, text)

    def _box(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        return self._x(x), self._y(y), round(width * self.width, 2), round(height * self.height, 2)

    def _x(self, fraction: float) -> float:
        return round(self.left + fraction * self.width, 2)

    def _y(self, fraction: float) -> float:
        return round(self.top + fraction * self.height, 2)

    def _fill(self, cls: str) -> Markup:
        if cls == "band":
            return svg('fill="{}" fill-opacity="0.045"', self.palette.ink)
        return svg('fill="{}"', self.palette.series[cls.removeprefix("fill ")])

    def _stroke(self, cls: str) -> Markup:
        name = cls.split()[-1]
        fixed = {
            "line": (self.palette.line, 1.0),
            "zero": (self.palette.control, 1.0),
            "halo": (self.palette.surface, 4.0),
            "gap": (self.palette.surface, 2.0),
            "tick": (self.palette.ink, 1.5),
            "since": (self.palette.ink, 1.0),
            "muted": (self.palette.control, 1.5),
        }
        colour, width = fixed.get(name) or (self.palette.series[name], 2.0)
        dash = Markup(' stroke-dasharray="1.5 3"') if name == "since" else Markup("")
        return svg('stroke="{}" stroke-width="{}"', colour, width) + dash

    def _add(self, template: str, *values: object) -> None:
        self.parts.append(svg(template, *values))
