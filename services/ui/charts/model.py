"""What a chart is made from and what it becomes: plain values, with every number also written out by the caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from services.ui.parts import Series


@dataclass(frozen=True)
class Slot:
    """A place on the time axis: its name for readers and tables, and its label below the axis ("" for none)."""

    name: str
    tick: str = ""


@dataclass(frozen=True)
class Layer:
    """One quantity over all slots. A missing value is None, never 0; `texts` are the same values as people read them.

    In columns, values below zero hang under the zero line: costs and refunds are given as negative numbers.
    """

    label: str
    series: Series
    values: Sequence[float | None]
    texts: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.texts):
            raise ValueError(f"{self.label}: {len(self.values)} values but {len(self.texts)} texts")


@dataclass(frozen=True)
class Marker:
    """Something that began at slot `at`: a badge ("v3") and a text. With `until` (inclusive) it is a band."""

    at: int
    badge: str
    text: str = ""
    until: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Timed:
    title: str
    sentence: str
    """What the chart shows in one sentence, for people who do not see it."""
    slots: Sequence[Slot]
    slot_head: str
    """Head of the table's first column: Day, Week."""
    layers: Sequence[Layer]
    axis: Callable[[float], str]
    before: Layer | None = None
    """The same quantity in the period that is compared with."""
    open_from: int | None = None
    """The first slot that is not over yet."""
    open_label: str = ""
    markers: Sequence[Marker] = ()
    note: str = ""
    ident: str = "chart"
    """Distinguishes charts on one page."""

    def __post_init__(self) -> None:
        for layer in (*self.layers, *([self.before] if self.before else [])):
            if len(layer.values) != len(self.slots):
                raise ValueError(f"{layer.label}: {len(layer.values)} values for {len(self.slots)} slots")


@dataclass(frozen=True, kw_only=True)
class Columns(_Timed):
    """Sums per day or week, up to 45 slots. Layers stack away from zero, in order; the axis always contains 0."""

    whole: bool = False
    """For things that are counted: no tick between two of them."""


@dataclass(frozen=True, kw_only=True)
class Lines(_Timed):
    """Rates, or sums over many slots. None breaks the line. With `from_zero` off the axis zooms: `note` must say so."""

    from_zero: bool = True


@dataclass(frozen=True)
class Key:
    """An entry of the legend. `column` is the table column whose value the readout shows beside it."""

    label: str
    series: Series = ""
    mark: Literal["fill", "line", "tick", "hatch"] = "fill"
    column: int = 0


@dataclass(frozen=True)
class Chart:
    """A drawing with all that stands around it; `ui.chart` frames it."""

    title: str
    sentence: str
    drawing: Markup
    legend: Sequence[Key]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    axis_width: int
    """Letters of the longest tick label: the room left of the plot."""
    badges: int = 0
    """Rows of badges above the plot."""
    note: str = ""


def table_of(spec: _Timed) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the chart's numbers."""
    shown = [*spec.layers, *([spec.before] if spec.before else [])]
    heads = [spec.slot_head, *(layer.label for layer in shown)]
    rows = [[slot.name, *(layer.texts[i] for layer in shown)] for i, slot in enumerate(spec.slots)]
    return heads, rows


def legend_of(spec: _Timed, *, mark: Literal["fill", "line"]) -> list[Key]:
    """Layers, comparison, and what is not over yet."""
    keys = [Key(layer.label, layer.series, mark, number) for number, layer in enumerate(spec.layers, start=1)]
    if spec.before is not None:
        keys.append(Key(spec.before.label, "muted", "tick" if mark == "fill" else "line", len(spec.layers) + 1))
    if spec.open_from is not None and spec.open_label:
        keys.append(Key(spec.open_label, spec.layers[0].series, "hatch"))
    return keys
