"""Two ways to put the same drawing down: for a page (percent, classes) and for a file (pixels, resolved colours).

Positions are fractions of the plot, 0–1 from the left and from the top; lengths in pixels are for text, ticks and outlines only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from markupsafe import Markup, escape

Anchor = Literal["start", "middle", "end"]


class Ink(Protocol):
    """What a chart needs to draw with. `cls` names a token: a series, `line`, `zero`, `axis`, `ink`, `halo`, `band`, `shade`."""

    def rect(self, x: float, y: float, width: float, height: float, cls: str) -> None: ...

    def hatched(self, x: float, y: float, width: float, height: float, series: str) -> None: ...

    def across(self, y: float, cls: str, *, x1: float = 0.0, x2: float = 1.0) -> None: ...

    def upright(self, x: float, cls: str, *, above: int = 0) -> None: ...

    def path(self, points: Sequence[tuple[float, float]], cls: str, *, dashed: bool = False) -> None: ...

    def dot(self, x: float, y: float, cls: str) -> None: ...

    def text(self, x: float, y: float, text: str, cls: str, *, dx: float = 0, dy: float = 0, anchor: Anchor = "start") -> None: ...

    def badge(self, x: float, row: int, label: str, text: str) -> None: ...


def text_width(text: str, *, bold: bool = False) -> float:
    """Pixels that `text` takes at 12 px, from above: Onest's mean letter, a little generous."""
    return sum(3.4 if letter in " .,:;'’|iIl!" else 9.6 if letter in "mwMWшщжюЖШЩЮ€" else 7.0 for letter in text) * (1.06 if bold else 1)


@dataclass
class PageInk:
    """SVG without a viewBox: it fits any width and its text never scales. No style attribute, colours by class."""

    ident: str
    parts: list[Markup] = field(default_factory=list)
    _hatches: set[str] = field(default_factory=set)

    def rect(self, x: float, y: float, width: float, height: float, cls: str) -> None:
        self._add('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', cls, pc(x), pc(y), pc(width), pc(height))

    def hatched(self, x: float, y: float, width: float, height: float, series: str) -> None:
        ident = f"{self.ident}-{series}"
        if series not in self._hatches:
            self._hatches.add(series)
            self._add(
                '<defs><pattern id="{}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
                '<rect class="fill {}" width="2.2" height="5"/></pattern></defs>',
                ident,
                series,
            )
        self._add(
            '<rect class="hatched {}" x="{}" y="{}" width="{}" height="{}" fill="url(#{})"/>',
            series, pc(x), pc(y), pc(width), pc(height), ident,
        )  # fmt: skip

    def across(self, y: float, cls: str, *, x1: float = 0.0, x2: float = 1.0) -> None:
        self._add('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>', cls, pc(x1), pc(x2), pc(y), pc(y))

    def upright(self, x: float, cls: str, *, above: int = 0) -> None:
        self._add('<line class="{}" x1="{}" x2="{}" y1="{}" y2="100%"/>', cls, pc(x), pc(x), -above)

    def path(self, points: Sequence[tuple[float, float]], cls: str, *, dashed: bool = False) -> None:
        drawn = " ".join(f"{'M' if n == 0 else 'L'}{100 * x:.2f} {100 * y:.2f}" for n, (x, y) in enumerate(points))
        self._add(
            '<svg viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible"><path class="{}{}" d="{}"/></svg>',
            cls, " dashed" if dashed else "", drawn,
        )  # fmt: skip

    def dot(self, x: float, y: float, cls: str) -> None:
        self._add('<circle class="{}" cx="{}" cy="{}" r="3"/>', cls, pc(x), pc(y))

    def text(self, x: float, y: float, text: str, cls: str, *, dx: float = 0, dy: float = 0, anchor: Anchor = "start") -> None:
        self._add(
            '<text class="{}" x="{}" y="{}" dx="{:g}" dy="{:g}"{}>{}</text>',
            cls, pc(x), pc(y), dx, dy, Markup("") if anchor == "start" else Markup(f' text-anchor="{anchor}"'), text,
        )  # fmt: skip

    def badge(self, x: float, row: int, label: str, text: str) -> None:
        width = round(text_width(label, bold=True) + 10)
        self._add(
            '<svg class="badge" x="{}" y="{}" overflow="visible"><rect width="{}" height="17" rx="3"/><text x="{}" y="12.5" '
            'text-anchor="middle">{}</text><text class="beside" x="{}" y="12.5">{}</text></svg>',
            pc(x), -22 * (row + 1) - 2, width, width / 2, label, width + 6, text,
        )  # fmt: skip

    def drawing(self, cls: str = "") -> Markup:
        """The finished picture; what it says stands in the frame around it."""
        opening = Markup('<svg class="drawing {}" aria-hidden="true" width="100%" height="100%">').format(cls)
        return opening + Markup("").join(self.parts) + Markup("</svg>")

    def _add(self, template: str, *values: object) -> None:
        self.parts.append(Markup(template).format(*(_plain(value) for value in values)))  # noqa: S704


def _plain(value: object) -> object:
    """Numbers without a trailing .0; texts are escaped by Markup.format."""
    return f"{value:g}" if isinstance(value, float) else value


def pc(fraction: float) -> Markup:
    """A fraction as percent, short."""
    return Markup(f"{100 * fraction:.2f}".rstrip("0").rstrip(".") + "%") if abs(fraction) > 1e-9 else Markup("0")  # noqa: S704


@dataclass(frozen=True)
class Palette:
    """The resolved colours of a file. Keys are the classes of the page."""

    surface: str
    ink: str
    ink_3: str
    line: str
    control: str
    series: dict[str, str]


LIGHT = Palette(
    "#FFFFFF", "#13201A", "#5D6B65", "#E2E8E5", "#7C8983",
    {"clicks": "#77848E", "signups": "#0E93CE", "orders": "#5646C4", "revenue": "#0A6043", "rewards": "#B47E06", "refunds": "#C41558",
     "muted": "#7C8983"},
)  # fmt: skip
DARK = Palette(
    "#111614", "#E8EFEB", "#93A19B", "#232B28", "#6F7E78",
    {"clicks": "#737B88", "signups": "#A9D9FB", "orders": "#9791FC", "revenue": "#2BB389", "rewards": "#FBBF4D", "refunds": "#E6324A",
     "muted": "#6F7E78"},
)  # fmt: skip


@dataclass
class FileInk:
    """SVG with a viewBox and every colour written out, to be opened anywhere. The plot lies at `left`, `top`."""

    palette: Palette
    left: float
    top: float
    width: float
    height: float
    parts: list[Markup] = field(default_factory=list)
    _hatches: set[str] = field(default_factory=set)

    def rect(self, x: float, y: float, width: float, height: float, cls: str) -> None:
        look = self._fill(cls)
        self._add('<rect x="{}" y="{}" width="{}" height="{}" {}/>', *self._box(x, y, width, height), look)

    def hatched(self, x: float, y: float, width: float, height: float, series: str) -> None:
        colour = self.palette.series[series]
        if series not in self._hatches:
            self._hatches.add(series)
            self._add(
                '<defs><pattern id="hatch-{}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
                '<rect width="2.2" height="5" fill="{}"/></pattern></defs>',
                series,
                colour,
            )
        self._add(
            '<rect x="{}" y="{}" width="{}" height="{}" fill="url(#hatch-{})" stroke="{}"/>', *self._box(x, y, width, height), series, colour
        )

    def across(self, y: float, cls: str, *, x1: float = 0.0, x2: float = 1.0) -> None:
        at = self._y(y)
        self._add('<line x1="{}" x2="{}" y1="{}" y2="{}" {}/>', self._x(x1), self._x(x2), at, at, self._stroke(cls))

    def upright(self, x: float, cls: str, *, above: int = 0) -> None:
        at = self._x(x)
        self._add('<line x1="{}" x2="{}" y1="{}" y2="{}" {}/>', at, at, self.top - above, self.top + self.height, self._stroke(cls))

    def path(self, points: Sequence[tuple[float, float]], cls: str, *, dashed: bool = False) -> None:
        drawn = " ".join(f"{'M' if n == 0 else 'L'}{self._x(x):g} {self._y(y):g}" for n, (x, y) in enumerate(points))
        dash = Markup(' stroke-dasharray="4 4"') if dashed else Markup("")
        self._add('<path d="{}" fill="none" {}{}/>', drawn, self._stroke(cls), dash)

    def dot(self, x: float, y: float, cls: str) -> None:
        self._add('<circle cx="{}" cy="{}" r="3" {}/>', self._x(x), self._y(y), self._fill(cls))

    def text(self, x: float, y: float, text: str, cls: str, *, dx: float = 0, dy: float = 0, anchor: Anchor = "start") -> None:
        colour = self.palette.ink if cls == "ink" else self.palette.ink_3
        self._add(
            '<text x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>', self._x(x) + dx, self._y(y) + dy, anchor, colour, text
        )

    def badge(self, x: float, row: int, label: str, text: str) -> None:
        width = round(text_width(label, bold=True) + 10)
        left, top = self._x(x), self.top - 22 * (row + 1) - 2
        self._add(
            '<rect x="{}" y="{}" width="{}" height="17" rx="3" fill="{}"/><text x="{}" y="{}" text-anchor="middle" font-weight="600" '
            'fill="{}">{}</text><text x="{}" y="{}" fill="{}">{}</text>',
            left, top, width, self.palette.ink, left + width / 2, top + 12.5, self.palette.surface, label,
            left + width + 6, top + 12.5, self.palette.ink_3, text,
        )  # fmt: skip

    def _box(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        return self._x(x), self._y(y), round(width * self.width, 2), round(height * self.height, 2)

    def _x(self, fraction: float) -> float:
        return round(self.left + fraction * self.width, 2)

    def _y(self, fraction: float) -> float:
        return round(self.top + fraction * self.height, 2)

    def _fill(self, cls: str) -> Markup:
        if cls == "band":
            return Markup('fill="{}" fill-opacity="0.045"').format(self.palette.ink)
        return Markup('fill="{}"').format(self.palette.series[cls.removeprefix("fill ")])

    def _stroke(self, cls: str) -> Markup:
        last = cls.split()[-1]
        colour, width = {
            "line": (self.palette.line, 1.0),
            "zero": (self.palette.control, 1.0),
            "halo": (self.palette.surface, 4.0),
            "tick": (self.palette.ink, 1.5),
            "since": (self.palette.ink, 1.0),
        }.get(last, (self.palette.series.get(last, self.palette.ink), 1.5 if last == "muted" else 2.0))
        dash = Markup(' stroke-dasharray="1.5 3"') if last == "since" else Markup("")
        return Markup('stroke="{}" stroke-width="{:g}"{}').format(colour, width, dash)

    def _add(self, template: str, *values: object) -> None:
        self.parts.append(Markup(template).format(*(escape(_plain(value)) for value in values)))  # noqa: S704
