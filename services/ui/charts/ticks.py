"""Round numbers for an axis: 3 to 5 steps of 1, 2, 2.5 or 5 × 10ⁿ that waste the least of the plot."""

from __future__ import annotations

import math
from decimal import Decimal

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5))
_SAME = 1e-8
"""Values this close to one another, by their size, are one: ticks between them would be as coarse as floats are."""


def nice_ticks(low: float, high: float, *, from_zero: bool = True, whole: bool = False) -> list[float]:
    """Ticks in rising order whose first and last enclose `low` and `high`.

    With `from_zero` the axis contains 0. With `whole` no tick falls between two integers, for things that are
    counted. Equal or unordered limits still give an axis: a chart of nothing has one too.
    """
    least, most = min(low, high), max(low, high)
    if from_zero:
        least, most = min(least, 0), max(most, 0)
    if most - least <= _SAME * max(abs(least), abs(most)):
        most = max(most, least + 1)
    best: tuple[float, int, list[float]] | None = None
    magnitude = math.floor(math.log10(most - least))
    for power in range(magnitude - 1, magnitude + 2):
        for base in _STEPS:
            step = base.scaleb(power)
            if whole and step != step.to_integral_value():
                continue
            first = math.floor(Decimal(str(least)) / step)
            last = math.ceil(Decimal(str(most)) / step)
            count = last - first + 1
            if not 3 <= count <= 6:
                continue
            waste = float((last - first) * step) / (most - least)
            # Equal waste is settled by the count nearest to 4: enough to read off, few enough to stay quiet.
            candidate = (round(waste, 6), abs(count - 4), [float(n * step) for n in range(first, last + 1)])
            if best is None or candidate[:2] < best[:2]:
                best = candidate
    return best[2] if best else [float(math.floor(least)), float(math.ceil(most))]
