"""A chart as a file: title, period, legend, plot, formula and freshness, readable without the page it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from services.ui.charts.columns import draw_columns, scale_of
from services.ui.charts.file_ink import DARK, LIGHT, FileInk, Palette
from services.ui.charts.frame import badge_rows
from services.ui.charts.ink import svg, text_width
from services.ui.charts.lines import draw_lines, line_scale
from services.ui.charts.model import Columns, Key, Lines, legend_of

_WIDTH, _PLOT = 960, 300


@dataclass(frozen=True)
class Caption:
    """What must travel with a picture: the period, how the figure is made, and how fresh it is."""

    period: str
    formula: str
    freshness: str
    source: str = ""
    """Whose figures: the store's name."""


def export_svg(spec: Columns | Lines, caption: Caption, *, theme: Literal["light", "dark"] = "light") -> str:
    """The chart as a complete SVG document, 960 px wide."""
    look = DARK if theme == "dark" else LIGHT
    is_columns = isinstance(spec, Columns)
    scale = scale_of(spec) if isinstance(spec, Columns) else line_scale(spec)
    left = 40 + max(text_width(spec.axis(value)) for value in scale.ticks)
    top = 108 + 22 * (max(badge_rows(spec.markers, len(spec.slots)), default=-1) + 1)
    height = top + _PLOT + 84
    ink = FileInk(look, left, top, _WIDTH - left - 32, _PLOT)
    if isinstance(spec, Columns):
        draw_columns(ink, spec, scale)
    else:
        draw_lines(ink, spec, scale)
    whose = " · ".join(part for part in (caption.source, caption.period) if part)
    document = [
        svg('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" ', _WIDTH, height, _WIDTH),
        svg('height="{}" role="img" aria-label="{}" font-size="12" ', height, spec.sentence),
        svg('font-family="Onest, Arial, sans-serif"><title>{}</title>', spec.title),
        svg('<rect width="100%" height="100%" fill="{}"/>', look.surface),
        svg('<text x="32" y="44" font-size="20" font-weight="600" fill="{}">{}</text>', look.ink, spec.title),
        svg('<text x="32" y="66" fill="{}">{}</text>', look.ink_3, whose),
        _legend(legend_of(spec, mark="fill" if is_columns else "line"), look),
        *ink.parts,
        svg('<text x="32" y="{}" fill="{}">{}</text>', height - 32, look.ink_3, caption.formula),
        svg('<text x="32" y="{}" fill="{}">{}</text></svg>', height - 14, look.ink_3, caption.freshness),
    ]
    return str(Markup("").join(document))


def _legend(keys: list[Key], look: Palette) -> Markup:
    parts: list[Markup] = []
    x = 32.0
    for key in keys:
        colour = look.ink if key.mark == "tick" else look.series[key.series or "muted"]
        if key.mark in ("tick", "line"):
            parts.append(svg('<rect x="{}" y="86" width="12" height="2" fill="{}"/>', x, colour))
        elif key.mark == "hatch":
            parts.append(svg('<rect x="{}" y="81" width="11" height="11" stroke="{}" ', x, colour))
            parts.append(svg('fill="url(#hatch-{})"/>', key.series))
        else:
            parts.append(svg('<rect x="{}" y="81" width="12" height="12" rx="2" fill="{}"/>', x, colour))
        parts.append(svg('<text x="{}" y="91" fill="{}">{}</text>', x + 18, look.ink, key.label))
        x += text_width(key.label) + 42
    return Markup("").join(parts)
