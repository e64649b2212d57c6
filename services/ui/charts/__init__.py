"""Charts drawn by the server as SVG: columns, lines, bars, strips and sparklines, for pages and for export.

Pure: plain values in, markup out. What a figure means, its period and its words are the caller's.
"""

from services.ui.charts.bars import FunnelStep, Part, Strip, funnel_step, sparkline, strip
from services.ui.charts.columns import columns
from services.ui.charts.export import Caption, export_svg
from services.ui.charts.lines import line
from services.ui.charts.model import Chart, Columns, Key, Layer, Lines, Marker, Slot
from services.ui.charts.ticks import nice_ticks

__all__ = [
    "Caption",
    "Chart",
    "Columns",
    "FunnelStep",
    "Key",
    "Layer",
    "Lines",
    "Marker",
    "Part",
    "Slot",
    "Strip",
    "columns",
    "export_svg",
    "funnel_step",
    "line",
    "nice_ticks",
    "sparkline",
    "strip",
]
