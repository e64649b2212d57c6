"""What all charts over time share: the scale, hairlines, labels of both axes, bands and badges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.ui.charts.ink import Anchor, Ink, text_width
from services.ui.charts.model import Marker, Slot

_WIDE_SLOTS = 14  # up to so many, a label has room on both sides of its slot's middle
_TYPICAL_WIDTH = 900  # px of the plot on a desktop; decides only whether two badges would collide
_NARROW_WIDTH = 280  # px of the plot on a phone; what fits there fits everywhere
_BETWEEN = 6  # px between two labels


@dataclass(frozen=True)
class Scale:
    """From values to fractions of the plot's height, 0 at the top."""

    ticks: Sequence[float]
    flat: bool = False
    """Whether all values are 0: the axis then has one label, since nothing is read off the others."""

    def labels(self, axis: Callable[[float], str]) -> list[str]:
        """What stands at each tick."""
        return ["" if self.flat and value else axis(value) for value in self.ticks]

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return 1 - (value - low) / (high - low)


@dataclass(frozen=True)
class Grid:
    """Equal slots from left to right."""

    count: int

    def left(self, slot: float) -> float:
        return slot / self.count

    def middle(self, slot: int) -> float:
        return (slot + 0.5) / self.count


def draw_axes(ink: Ink, scale: Scale, labels: Sequence[str], slots: Sequence[Slot]) -> None:
    """Hairlines with values left of the plot, and labels of slots below; none leaves the plot."""
    for value, label in zip(scale.ticks, labels, strict=True):
        ink.across(scale.y(value), "zero" if value == 0 else "line")
        if label:
            ink.text(0, scale.y(value), label, dx=-8, dy=4, anchor="end")
    grid, taken = Grid(len(slots)), 0.0
    for number, slot in enumerate(slots):
        if not slot.tick:
            continue
        x, anchor, start = _place(grid, number, text_width(slot.tick))
        wide = start < taken
        ink.text(x, 1, slot.tick, dy=18, anchor=anchor, wide=wide)
        if not wide:
            taken = start + text_width(slot.tick) + _BETWEEN


def _place(grid: Grid, number: int, width: float) -> tuple[float, Anchor, float]:
    """Where a slot's label stands, at which end of it, and where it begins on a phone."""
    middle = grid.middle(number)
    if number == 0 and grid.count > _WIDE_SLOTS:
        return 0, "start", 0
    if (1 - middle) * _NARROW_WIDTH < width / 2:
        return 1, "end", _NARROW_WIDTH - width
    return middle, "middle", middle * _NARROW_WIDTH - width / 2


def badge_rows(markers: Sequence[Marker], count: int) -> list[int]:
    """A row for each marker, in order of time. A badge that would run into the one before takes a row of its own."""
    ends: list[float] = []
    rows: list[int] = []
    for marker in markers:
        start = marker.at / count * _TYPICAL_WIDTH - _moved_left(marker, marker.at / count)
        width = _badge_width(marker)
        row = next((n for n, end in enumerate(ends) if end <= start), len(ends))
        if row == len(ends):
            ends.append(0)
        ends[row] = start + width
        rows.append(row)
    return rows


def _badge_width(marker: Marker) -> float:
    return text_width(marker.badge) + text_width(marker.text) + 24


def _moved_left(marker: Marker, x: float) -> float:
    """By how many pixels a badge stands left of its moment, so that it ends within the plot."""
    return min(max(0.0, _badge_width(marker) - (1 - x) * _NARROW_WIDTH), x * _NARROW_WIDTH)


def draw_bands(ink: Ink, markers: Sequence[Marker], grid: Grid) -> None:
    """What lasts, behind the data."""
    for marker in markers:
        if marker.until is not None:
            ink.rect(grid.left(marker.at), 0, grid.left(marker.until + 1) - grid.left(marker.at), 1, "band")


def draw_badges(ink: Ink, markers: Sequence[Marker], grid: Grid) -> None:
    """Badges above the plot, and a dotted line down from what began and did not end."""
    rows = badge_rows(markers, grid.count)
    depth = max(rows, default=0)
    for marker, row in zip(markers, rows, strict=True):
        height = depth - row  # the first row stands on top, later ones nearer to the plot
        if marker.until is None:
            ink.upright(grid.left(marker.at), "since", above=22 * height + 7)
        x = grid.left(marker.at)
        ink.badge(x, height, marker.badge, marker.text, dx=-_moved_left(marker, x))
