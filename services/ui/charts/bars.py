"""Bars that lie: steps of a funnel, shares of a total, and the small line in a table cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from services.ui.charts.ink import svg
from services.ui.charts.page_ink import PageInk, pc
from services.ui.parts import Series, Text


@dataclass(frozen=True)
class FunnelStep:
    """A step with its bar drawn; `ui.funnel` lists them."""

    label: str
    figure: str
    note: Text
    drawing: Markup


def funnel_step(
    label: str,
    figure: str,
    *,
    share: float,
    series: Series,
    open_share: float = 0.0,
    note: Text = "",
    ident: str = "",
) -> FunnelStep:
    """A bar of `share` (0–1 of the first step); its last `open_share` can still change and is hatched.

    `note` says which share of what that is. `ident` tells apart two steps of one series on a page.
    """
    ink = PageInk(f"fun-{ident or series}")
    share, still_open = _clamp(share), min(_clamp(open_share), _clamp(share))
    ink.rect(0, 0, 1, 1, "track")
    if share > still_open:
        ink.rect(0, 0, share - still_open, 1, f"fill {series}")
    if still_open:
        ink.hatched(share - still_open, 0, still_open, 1, series)
    return FunnelStep(label, figure, note, ink.drawing("bar"))


@dataclass(frozen=True)
class Part:
    """A part of a total: its share (0–1), its figure, and a level of the sequence 1–5 (5 darkest); 0 is empty."""

    share: float
    text: str
    level: int
    more: str = ""
    """Words behind the figure, left out on phones."""


@dataclass(frozen=True)
class Strip:
    """A 100 % strip with its parts drawn; `ui.strips` puts several under each other."""

    label: str
    drawing: Markup


def strip(label: str, parts: Sequence[Part]) -> Strip:
    """Shares of one total side by side. A part too narrow for its figure shows none."""
    drawn: list[Markup] = []
    left = 0.0
    for part in parts:
        # Each part is a picture of its own, so that a long text ends at its edge and not over its neighbour.
        drawn.append(svg('<svg x="{}" width="{}" height="100%">', pc(left), pc(part.share)))
        drawn.append(svg('<rect class="level-{}" width="100%" height="100%"/>', part.level))
        if part.share >= 0.06:
            drawn.append(svg('<text class="on-{}" x="8" y="15">{}', part.level, part.text))
            drawn.append(svg('<tspan class="beside"> {}</tspan></text>', part.more))
        drawn.append(Markup("</svg>"))
        left += part.share
    sentence = ", ".join(f"{part.text} {part.more}".strip() for part in parts)
    opening = svg(
        '<svg class="drawing strip" role="img" aria-label="{}: {}" width="100%" height="22">', label, sentence
    )
    return Strip(label, opening + Markup("").join(drawn) + Markup("</svg>"))


def sparkline(values: Sequence[float | None], *, series: Series, sentence: str) -> Markup:
    """A line without axes, 80 × 20 px: only the shape, so `sentence` must say what it shows."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    span = (high - low) or 1
    last = len(values) - 1
    points = [(slot / last, 0.9 - 0.8 * (value - low) / span) for slot, value in enumerate(values) if value is not None]
    ink = PageInk("spark")
    ink.path(points, f"stroke {series}")
    opening = svg('<svg class="drawing spark" role="img" aria-label="{}" width="80" height="20">', sentence)
    return opening + Markup("").join(ink.parts) + Markup("</svg>")


def _clamp(share: float) -> float:
    return min(1.0, max(0.0, share))
