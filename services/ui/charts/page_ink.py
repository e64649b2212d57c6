"""Drawing for a page: SVG without a viewBox, which fits any width and whose text never scales.

No style attribute and no colour: everything is a class, so that themes and the content policy hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from services.ui.charts.ink import Anchor, svg, text_width


@dataclass
class PageInk:
    """Collects the parts of one picture. `ident` keeps its patterns apart from those of other pictures on the page."""

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
                '<defs><pattern id="{}" width="5" height="5" patternUnits="userSpaceOnUse" '
                'patternTransform="rotate(45)"><rect class="fill {}" width="2.2" height="5"/></pattern></defs>',
                ident,
                series,
            )
        self._add('<rect class="hatched {}" fill="url(#{})" x="{}" y="{}" ', series, ident, pc(x), pc(y))
        self._add('width="{}" height="{}"/>', pc(width), pc(height))

    def across(self, y: float, cls: str, *, x1: float = 0.0, x2: float = 1.0) -> None:
        self._add('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>', cls, pc(x1), pc(x2), pc(y), pc(y))

    def upright(self, x: float, cls: str, *, above: int = 0) -> None:
        self._add('<line class="{}" x1="{}" x2="{}" y1="{}" y2="100%"/>', cls, pc(x), pc(x), -above)

    def path(self, points: Sequence[tuple[float, float]], cls: str, *, dashed: bool = False) -> None:
        # Only this inner picture is stretched; its stroke is not, by the stylesheet.
        drawn = " ".join(f"{'L' if n else 'M'}{100 * x:.2f} {100 * y:.2f}" for n, (x, y) in enumerate(points))
        self._add('<svg viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible">')
        self._add('<path class="{}{}" d="{}"/></svg>', cls, " dashed" if dashed else "", drawn)

    def dot(self, x: float, y: float, cls: str) -> None:
        self._add('<circle class="{}" cx="{}" cy="{}" r="3"/>', cls, pc(x), pc(y))

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
        self._add('<text{} x="{}" y="{}"', Markup(' class="wide"') if wide else "", pc(x), pc(y))
        self._add(' dx="{}" dy="{}"', float(dx), float(dy))
        self._add(' text-anchor="{}">{}</text>', anchor, text)

    def badge(self, x: float, row: int, label: str, text: str, *, dx: float = 0) -> None:
        width = round(text_width(label, bold=True) + 10)
        self._add('<svg class="badge" x="{}" y="{}" overflow="visible">', pc(x), -22 * (row + 1) - 2)
        self._add('<g transform="translate({} 0)">', round(dx, 1))
        self._add('<rect width="{}" height="17" rx="3"/>', width)
        self._add('<text x="{}" y="12.5" text-anchor="middle">{}</text>', width / 2, label)
        self._add('<text class="beside" x="{}" y="12.5">{}</text></g></svg>', width + 6, text)

    def drawing(self, cls: str = "") -> Markup:
        """The finished picture; what it says stands in the frame around it."""
        name = f"drawing {cls}".strip()
        opening = svg('<svg class="{}" aria-hidden="true" width="100%" height="100%">', name)
        return opening + Markup("").join(self.parts) + Markup("</svg>")

    def _add(self, template: str, *values: object) -> None:
        self.parts.append(svg(template, *values))


def pc(fraction: float) -> str:
    """A fraction as percent with at most two decimals."""
    return "0" if abs(fraction) < 1e-9 else f"{100 * fraction:.2f}".rstrip("0").rstrip(".") + "%"
