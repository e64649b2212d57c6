"""A chart as a file: title, period, legend, plot, formula and freshness, readable without the page it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from services.kernel.pages.charts.columns import draw_columns, scale_of
from services.kernel.pages.charts.frame import badge_rows
from services.kernel.pages.charts.ink import DARK, LIGHT, FileInk, Palette, text_width
from services.kernel.pages.charts.lines import draw_lines, line_scale
from services.kernel.pages.charts.model import Columns, Key, Lines, legend_of

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
    palette = DARK if theme == "dark" else LIGHT
    scale = scale_of(spec) if isinstance(spec, Columns) else line_scale(spec)
    left = 40 + max(text_width(spec.axis(value)) for value in scale.ticks)
    rows = max(badge_rows(spec.markers, len(spec.slots)), default=-1) + 1
    top = 108 + 22 * rows
    height = top + _PLOT + 84
    ink = FileInk(palette, left, top, _WIDTH - left - 32, _PLOT)
    if isinstance(spec, Columns):
        draw_columns(ink, spec, scale)
        legend = legend_of(spec, mark="fill")
    else:
        draw_lines(ink, spec, scale)
        legend = legend_of(spec, mark="line")
    heading = " · ".join(part for part in (caption.source, caption.period) if part)
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{sentence}" '
            'font-family="Onest, Arial, sans-serif" font-size="12"><title>{title}</title><rect width="{w}" height="{h}" fill="{surface}"/>'
            '<text x="32" y="44" font-size="20" font-weight="600" fill="{ink}">{title}</text>'
            '<text x="32" y="66" fill="{ink3}">{heading}</text>{legend}{plot}'
            '<text x="32" y="{y1}" fill="{ink3}">{formula}</text><text x="32" y="{y2}" fill="{ink3}">{freshness}</text></svg>'
        ).format(
            w=_WIDTH, h=height, sentence=spec.sentence, title=spec.title, surface=palette.surface, ink=palette.ink, ink3=palette.ink_3,
            heading=heading, legend=_legend(legend, palette), plot=Markup("").join(ink.parts), formula=caption.formula,
            freshness=caption.freshness, y1=height - 32, y2=height - 14,
        )
    )  # fmt: skip


def _legend(keys: list[Key], palette: Palette) -> Markup:
    parts: list[Markup] = []
    x = 32.0
    for key in keys:
        colour = palette.ink if key.mark == "tick" else palette.series[key.series or "muted"]
        if key.mark in ("tick", "line"):
            mark = Markup('<rect x="{:g}" y="86" width="12" height="2" fill="{}"/>').format(x, colour)
        elif key.mark == "hatch":
            mark = Markup('<rect x="{:g}" y="81" width="11" height="11" fill="url(#hatch-{})" stroke="{}"/>').format(x, key.series, colour)
        else:
            mark = Markup('<rect x="{:g}" y="81" width="12" height="12" rx="2" fill="{}"/>').format(x, colour)
        parts.append(mark + Markup('<text x="{:g}" y="91" fill="{}">{}</text>').format(x + 18, palette.ink, key.label))
        x += text_width(key.label) + 42
    return Markup("").join(parts)
