"""A question made definite, a period's figures by day, and what is read off them: series, funnel, channels. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.analytics.metrics.domain.periods import Grain, Period, bucket_of
from services.analytics.metrics.domain.registry import Metric
from services.analytics.metrics.domain.totals import DayRow, Totals, add_up
from services.analytics.rollups.domain.sketch import Sketch
from services.analytics.slices.domain import Calendar, Version

USUAL_WINDOW_DAYS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asked for, as it came."""

    program_id: str | None = None
    first: date | None = None
    last: date | None = None
    compare: bool = True


@dataclass(frozen=True, slots=True)
class Freshness:
    """`until`: everything up to this moment is counted. `behind_s`: how far that is from now; 0 when nothing waits."""

    at: datetime
    until: datetime
    behind_s: int
    newest_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class View:
    """A question made definite: whose figures, of which days, in which money, and how fresh."""

    calendar: Calendar
    versions: Sequence[Version]
    program_id: str | None
    currency: str
    period: Period
    before: Period | None
    today: date
    freshness: Freshness

    @property
    def store_id(self) -> str:
        """The store."""
        return self.calendar.store_id

    @property
    def comparable(self) -> bool:
        """Whether the store lived through the whole period before: a part of one would show growth that is none."""
        return self.before is not None and self.before.first >= self.calendar.since


@dataclass(frozen=True, slots=True)
class Figures:
    """A period's days, and what else its metrics need, by day. `people`: sketches by day of each kind loaded."""

    period: Period
    days: Mapping[date, Sequence[DayRow]]
    people: Mapping[str, Mapping[date, Sketch]]
    histograms: Mapping[str, Mapping[date, Mapping[int, int]]]

    def total(
        self,
        currency: str,
        part: Period | None = None,
        *,
        needs: frozenset[str] | None = None,
        estimated: frozenset[str] = frozenset(),
    ) -> Totals:
        """Sums of the whole period, or of a part of it. `needs`: only these of the costly sums (people, cycle time).
        `estimated`: kinds of people that are estimated in any case.
        """
        days = list((part or self.period).each_day())
        people = {
            kind: [by_day[day] for day in days if day in by_day]
            for kind, by_day in self.people.items()
            if needs is None or kind in needs
        }
        histograms = {name: self.histogram(name, days) for name in self.histograms if needs is None or name in needs}
        rows = (row for day in days for row in self.days.get(day, ()))
        return add_up(rows, currency, people=people, histograms=histograms, estimated=estimated)

    def histogram(self, name: str, days: Iterable[date] | None = None) -> dict[int, int]:
        """A histogram of these days, or of the whole period, by its numbers."""
        counts: Counter[int] = Counter()
        for day in self.period.each_day() if days is None else days:
            counts.update(self.histograms[name].get(day, {}))
        return dict(sorted(counts.items()))

    def rows(self) -> list[DayRow]:
        """All rows of the period."""
        return [row for rows in self.days.values() for row in rows]


def compared(currency: str, now: Figures, before: Figures | None) -> tuple[Totals, Totals | None]:
    """Both periods' sums. People who are estimated in one are estimated in both: only like figures are compared."""
    totals = now.total(currency)
    if before is None:
        return totals, None
    earlier = before.total(currency)
    estimated = totals.estimates | earlier.estimates
    if totals.estimates != estimated:
        totals = now.total(currency, estimated=estimated)
    if earlier.estimates != estimated:
        earlier = before.total(currency, estimated=estimated)
    return totals, earlier


@dataclass(frozen=True, slots=True)
class Point:
    """One slot of a series: its first day, the value, and that of the same slot in the period before."""

    start: date
    last: date
    value: float | None
    before: float | None


def series(metric: Metric, grain: Grain, view: View, now: Figures, before: Figures | None) -> list[Point]:
    """The metric by day, week or month. Slots of the period before are matched by their place, so weekdays line up.

    Slots from before the store was set up have no value: nothing could have been counted in them. Where people of one
    slot are estimated they are in all.
    """
    values, earlier = _totals(metric, view, now, grain), _totals(metric, view, before, grain) if before else []
    estimated = frozenset().union(*(t.estimates for _, t in (*values, *earlier) if t is not None))
    if estimated:
        values = _totals(metric, view, now, grain, estimated)
        earlier = _totals(metric, view, before, grain, estimated) if before else []
    points = []
    for number, (bucket, totals) in enumerate(values):
        was = earlier[number][1] if number < len(earlier) else None
        points.append(
            Point(
                bucket.first,
                bucket.last,
                totals.value(metric) if totals else None,
                was.value(metric) if was else None,
            )
        )
    return points


def _totals(
    metric: Metric, view: View, figures: Figures, grain: Grain, estimated: frozenset[str] = frozenset()
) -> list[tuple[Period, Totals | None]]:
    """Each slot's sums; None before the store was set up."""
    return [
        (
            part,
            figures.total(view.currency, part, needs=metric.needs, estimated=estimated)
            if part.last >= view.calendar.since
            else None,
        )
        for part in buckets_of(figures.period, grain)
    ]


def buckets_of(period: Period, grain: Grain) -> list[Period]:
    """The period cut at weeks or months; the first and last part may be short."""
    parts: list[Period] = []
    for day in period.each_day():
        if parts and bucket_of(parts[-1].first, grain) == bucket_of(day, grain):
            parts[-1] = Period(parts[-1].first, day)
        else:
            parts.append(Period(day, day))
    return parts


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's figures in one currency."""

    channel: str
    clicks: int
    shares: int
    friends: int
    buyers: int
    orders: int
    by_code: int
    """Of the orders, those that a promo code proved."""
    customers: int
    revenue_minor: int

    @property
    def conversion(self) -> float | None:
        """Friends who bought ÷ friends; None where nobody came."""
        return self.buyers / self.friends if self.friends else None


@dataclass(frozen=True, slots=True)
class Funnel:
    """From click to kept order. From `friends` on, each figure counts the same people: friends of the period.

    `open`: friends without an order whose window is not over. bought = kept + on_hold + refunded.
    """

    clicks: int
    friends: int
    open: int
    signed_up: int
    bought: int
    kept: int
    on_hold: int
    window_days: int

    @property
    def refunded(self) -> int:
        """Friends all of whose orders were paid back."""
        return self.bought - self.kept - self.on_hold

    def share_of_friends(self, people: int) -> float | None:
        """None where nobody came."""
        return people / self.friends if self.friends else None


def funnel(asked: View, now: Figures) -> Funnel:
    """The period's funnel."""
    window = max(
        (v.click_window_days for v in asked.versions if asked.program_id in (None, v.program_id)),
        default=USUAL_WINDOW_DAYS,
    )
    sums = now.total(asked.currency, needs=frozenset()).sums
    since = max(now.period.first, asked.today - timedelta(days=window - 1))
    waiting = 0
    if since <= now.period.last:
        late = now.total(asked.currency, Period(since, now.period.last), needs=frozenset()).sums
        waiting = late.get("friends", 0) - late.get("friends_bought", 0)
    return Funnel(
        clicks=sums.get("clicks", 0),
        friends=sums.get("friends", 0),
        open=waiting,
        signed_up=sums.get("friends_signed_up", 0),
        bought=sums.get("friends_bought", 0),
        kept=sums.get("friends_kept", 0),
        on_hold=sums.get("friends_held", 0),
        window_days=window,
    )


def names_of(versions: Iterable[Version]) -> dict[str, str]:
    """Program → its newest name."""
    return {v.program_id: v.name for v in sorted(versions, key=lambda v: v.version)}
