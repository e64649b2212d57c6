"""Sums of a period as metrics need them, made from rows of days. Money is that of one currency; counts are of all."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.analytics.metrics.domain.registry import Metric
from services.analytics.rollups.domain.measures import HISTOGRAMS
from services.analytics.rollups.domain.sketch import Sketch, union
from services.common.money import half_up

Sums = dict[str, int]
KINDS = ("visitors", "viewers", "sharers")
"""Kinds of people that are counted by sketches. A kind that was not loaded is missing, not zero."""
COSTLY = frozenset((*KINDS, *HISTOGRAMS))
"""Sums that are loaded only where a metric needs them."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day's sums in one currency ("" for things that are not money)."""

    day: date
    currency: str
    sums: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a period's metrics are computed from. A sum that nobody counted is missing, and its metric is None."""

    sums: Sums = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    estimates: frozenset[str] = frozenset()

    def value(self, metric: Metric) -> float | None:
        """The metric as a number: whole for counts and sums, else a quotient."""
        if metric.needs & self.missing:
            return None
        exact = metric.of(self.sums)
        if exact is None:
            return None
        if metric.unit == "money":
            return half_up(exact)
        return int(exact) if isinstance(exact, int) else float(exact)


def add_up(
    rows: Iterable[DayRow],
    currency: str,
    *,
    people: Mapping[str, Iterable[Sketch]] = {},
    histograms: Mapping[str, Mapping[int, int]] = {},
    estimated: Container[str] = (),
) -> Totals:
    """Adds days up. `people`: kind → sketches of the days. `histograms`: name → number → how often. `estimated`: kinds
    that are to be estimated even where they are known exactly, since they stand beside an estimate.
    """
    sums: Sums = {"orders_in_currency": 0, "customers_in_currency": 0}
    for row in rows:
        for name, amount in row.sums.items():
            if row.currency in ("", currency) or not name.endswith("_minor"):
                sums[name] = sums.get(name, 0) + amount
        if row.currency == currency:
            sums["orders_in_currency"] += row.sums.get("orders", 0)
            sums["customers_in_currency"] += row.sums.get("customers", 0)
    missing = set()
    estimates = set()
    for kind in KINDS:
        if kind not in people:
            missing.add(kind)
            continue
        whole = union(people[kind])
        rough = kind in estimated or not whole.exact
        sums[kind] = whole.count(estimated=rough)
        if rough:
            estimates.add(kind)
    for name in HISTOGRAMS:
        if counts := histograms.get(name):
            sums[name] = median_of(counts)
        else:
            missing.add(name)
    return Totals(sums, frozenset(missing), frozenset(estimates))


def median_of(counts: Mapping[int, int]) -> int:
    """The lower median of a histogram. There must be something in it."""
    half = (sum(counts.values()) + 1) // 2
    reached = 0
    for value in sorted(counts):
        reached += counts[value]
        if reached >= half:
            return value
    raise ValueError("the median of nothing")


def other_currencies(rows: Iterable[DayRow], currency: str) -> dict[str, Sums]:
    """Orders and money in currencies that the sums leave out."""
    found: dict[str, Sums] = {}
    for row in rows:
        if row.currency not in ("", currency):
            into = found.setdefault(row.currency, {})
            for name, amount in row.sums.items():
                into[name] = into.get(name, 0) + amount
    return {
        code: {
            "orders": sums.get("orders", 0),
            "revenue_minor": sums.get("gross_minor", 0) - sums.get("refunds_minor", 0),
        }
        for code, sums in sorted(found.items())
        if sums.get("orders")
    }
