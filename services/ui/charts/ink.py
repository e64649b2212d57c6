"""What a chart draws with: `Ink`, which `PageInk` (percent, classes) and `FileInk` (pixels, colours) implement.

Positions are fractions of the plot, 0–1 from the left and from the top; lengths in pixels are for text and outlines
only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from markupsafe import Markup, escape

Anchor = Literal["start", "middle", "end"]

_NARROW = " .,:;'’|iIl!"
_WIDE = "mwMWшщжюЖШЩЮ€"


class Ink(Protocol):
    """The strokes of a chart. `cls` is a class of the stylesheet: `fill revenue`, `line`, `zero`, `tick`, `band`."""

    def rect(self, x: float, y: float, width: float, height: float, cls: str) -> None: ...

    def hatched(self, x: float, y: float, width: float, height: float, series: str) -> None: ...

    def across(self, y: float, cls: str, *, x1: float = 0.0, x2: float = 1.0) -> None: ...

    def upright(self, x: float, cls: str, *, above: int = 0) -> None: ...

    def path(self, points: Sequence[tuple[float, float]], cls: str, *, dashed: bool = False) -> None: ...

    def dot(self, x: float, y: float, cls: str) -> None: ...

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
        """`wide`: there is room for it on a wide screen only."""

    def badge(self, x: float, row: int, label: str, text: str, *, dx: float = 0) -> None: ...


def text_width(text: str, *, bold: bool = False) -> float:
    """Pixels that `text` takes at 12 px, a little generous: enough to keep labels apart."""
    width = sum(3.4 if letter in _NARROW else 9.6 if letter in _WIDE else 7.0 for letter in text)
    return width * 1.06 if bold else width


def svg(template: str, *values: object) -> Markup:
    """`template` with its values escaped and numbers kept short. Templates are literals of this package."""
    # Markup's own format does the same at five times the cost, and a page has hundreds of marks.
    return Markup(template.format(*[f"{value:g}" if isinstance(value, float) else escape(value) for value in values]))  # noqa: S704
