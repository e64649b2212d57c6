"""Lines over days or weeks: rates and long series. A gap breaks the line, what is not over yet is dashed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.ui.charts.frame import Grid, Scale, badge_rows, draw_axes, draw_badges, draw_bands
from services.ui.charts.ink import Ink
from services.ui.charts.model import Chart, Lines, legend_of, table_of
from services.ui.charts.page_ink import PageInk
from services.ui.charts.ticks import nice_ticks


def line(spec: Lines) -> Chart:
    """The chart for a page."""
    scale = line_scale(spec)
    labels = scale.labels(spec.axis)
    ink = PageInk(spec.ident)
    draw_lines(ink, spec, scale)
    heads, rows = table_of(spec)
    return Chart(
        title=spec.title,
        sentence=spec.sentence,
        drawing=ink.drawing(),
        legend=legend_of(spec, mark="line"),
        heads=heads,
        rows=rows,
        axis_width=max(len(label) for label in labels),
        badges=max(badge_rows(spec.markers, len(spec.slots)), default=-1) + 1,
        note=spec.note,
    )


def line_scale(spec: Lines) -> Scale:
    """An axis that holds all values, and zero unless the chart may zoom."""
    shown = [*spec.layers, *([spec.before] if spec.before else [])]
    values = [value for layer in shown for value in layer.values if value is not None]
    low, high = min(values, default=0), max(values, default=0)
    return Scale(nice_ticks(low, high, from_zero=spec.from_zero), flat=low == high == 0)


def draw_lines(ink: Ink, spec: Lines, scale: Scale) -> None:
    """Puts the whole plot down, from back to front."""
    if not spec.slots:
        return
    grid = Grid(len(spec.slots))
    draw_bands(ink, spec.markers, grid)
    draw_axes(ink, scale, scale.labels(spec.axis), spec.slots)
    if spec.before is not None:
        _draw_layer(ink, spec.before.values, "stroke muted", scale, grid, open_from=None)
    for layer in spec.layers:
        _draw_layer(ink, layer.values, f"stroke {layer.series}", scale, grid, open_from=spec.open_from)
    draw_badges(ink, spec.markers, grid)


def _draw_layer(
    ink: Ink, values: Sequence[float | None], cls: str, scale: Scale, grid: Grid, *, open_from: int | None
) -> None:
    for run in runs(values):
        points = [(grid.middle(slot), scale.y(values[slot] or 0.0)) for slot in run]
        if len(points) == 1:
            ink.dot(*points[0], cls.replace("stroke", "fill"))
            continue
        # The dashed part starts at the last finished point, so that the line stays one line.
        cut = len(points) if open_from is None else max(0, open_from - run.start)
        if cut >= 2:
            ink.path(points[:cut], cls)
        if cut < len(points):
            ink.path(points[max(0, cut - 1) :], cls, dashed=True)


def runs(values: Sequence[float | None]) -> Iterator[range]:
    """Stretches of slots without a gap."""
    start: int | None = None
    for slot, value in enumerate([*values, None]):
        if value is not None and start is None:
            start = slot
        elif value is None and start is not None:
            yield range(start, slot)
            start = None
