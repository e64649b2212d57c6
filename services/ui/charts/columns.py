"""Columns over days or weeks: stacked from zero, compared with an earlier period, today hatched."""

from __future__ import annotations

from markupsafe import Markup

from services.ui.charts.frame import Grid, Scale, badge_rows, draw_axes, draw_badges, draw_bands
from services.ui.charts.ink import Ink
from services.ui.charts.model import Chart, Columns, legend_of, table_of
from services.ui.charts.page_ink import PageInk
from services.ui.charts.ticks import nice_ticks

_SHARE = 0.68  # of a slot that its column takes
_TICK_SHARE = 0.92


def columns(spec: Columns) -> Chart:
    """The chart for a page."""
    scale = scale_of(spec)
    labels = scale.labels(spec.axis)
    ink = PageInk(spec.ident)
    draw_columns(ink, spec, scale)
    heads, rows = table_of(spec)
    return Chart(
        title=spec.title,
        sentence=spec.sentence,
        drawing=ink.drawing() if spec.slots else Markup(""),
        legend=legend_of(spec, mark="fill"),
        heads=heads,
        rows=rows,
        axis_width=max(len(label) for label in labels),
        badges=max(badge_rows(spec.markers, len(spec.slots)), default=-1) + 1,
        note=spec.note,
    )


def scale_of(spec: Columns) -> Scale:
    """An axis that holds every stack and the comparison, and zero."""
    tops, bottoms = [0.0], [0.0]
    for slot in range(len(spec.slots)):
        values = [layer.values[slot] or 0 for layer in spec.layers]
        tops.append(sum(value for value in values if value > 0))
        bottoms.append(sum(value for value in values if value < 0))
    if spec.before is not None:
        tops += [value for value in spec.before.values if value is not None]
        bottoms += [value for value in spec.before.values if value is not None]
    low, high = min(bottoms), max(tops)
    return Scale(nice_ticks(low, high, whole=spec.whole), flat=low == high == 0)


def draw_columns(ink: Ink, spec: Columns, scale: Scale) -> None:
    """Puts the whole plot down, from back to front."""
    if not spec.slots:
        return
    grid = Grid(len(spec.slots))
    draw_bands(ink, spec.markers, grid)
    draw_axes(ink, scale, scale.labels(spec.axis), spec.slots)
    for slot in range(grid.count):
        _draw_stack(ink, spec, scale, grid, slot)
    if spec.before is not None:
        for slot, value in enumerate(spec.before.values):
            if value is not None:
                margin = (1 - _TICK_SHARE) / 2
                x1, x2 = grid.left(slot + margin), grid.left(slot + 1 - margin)
                ink.across(scale.y(value), "halo", x1=x1, x2=x2)
                ink.across(scale.y(value), "tick", x1=x1, x2=x2)
    draw_badges(ink, spec.markers, grid)


def _draw_stack(ink: Ink, spec: Columns, scale: Scale, grid: Grid, slot: int) -> None:
    """Layers from zero outwards. Two that touch are kept apart by a line of the surface: their tones may be close."""
    up, down = 0.0, 0.0
    x = grid.left(slot + (1 - _SHARE) / 2)
    width = _SHARE / grid.count
    for layer in spec.layers:
        value = layer.values[slot]
        if not value:
            continue
        start = up if value > 0 else down
        top, bottom = sorted((scale.y(start), scale.y(start + value)))
        up, down = (up + value, down) if value > 0 else (up, down + value)
        if spec.open_from is not None and slot >= spec.open_from:
            ink.hatched(x, top, width, bottom - top, layer.series)
        else:
            ink.rect(x, top, width, bottom - top, f"fill {layer.series}")
        if start:
            ink.across(scale.y(start), "gap", x1=x, x2=x + width)
