"""Periods of whole days in the store's zone: the one asked for, the one before it, and their parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.analytics.slices.domain import week_of

Grain = Literal["day", "week", "month"]

USUAL_DAYS = 28
"""Four whole weeks, so that weekdays line up with those of the period before."""
LONGEST_DAYS = 366
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 12, 31)

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Both days belong to it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Length in days; 1 when it is one day."""
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """The period of the same length that ends the day before."""
        return Period(self.first - timedelta(days=self.days), self.first - ONE_DAY)

    def each_day(self) -> Iterator[date]:
        """All its days."""
        for number in range(self.days):
            yield self.first + timedelta(days=number)

    def whole_weeks(self) -> tuple["Period | None", tuple["Period", ...]]:
        """The weeks (Monday to Sunday) that lie within, as one period, and what is left of it at the edges."""
        monday = week_of(self.first + timedelta(days=6))
        sunday = week_of(self.last + ONE_DAY) - ONE_DAY
        if sunday < monday:
            return None, (self,)
        edges = []
        if self.first < monday:
            edges.append(Period(self.first, monday - ONE_DAY))
        if sunday < self.last:
            edges.append(Period(sunday + ONE_DAY, self.last))
        return Period(monday, sunday), tuple(edges)


def usual(today: date) -> Period:
    """The last four weeks, today included."""
    return Period(today - timedelta(days=USUAL_DAYS - 1), today)


def bucket_of(day: date, grain: Grain) -> date:
    """The first day of the day's bucket."""
    if grain == "week":
        return week_of(day)
    return day.replace(day=1) if grain == "month" else day


def odd_days(period: Period, zone: ZoneInfo) -> list[tuple[date, float]]:
    """Days that do not have 24 hours, with the hours they have: clocks were set."""
    found = []
    for day in period.each_day():
        start = datetime.combine(day, time(), zone)
        end = datetime.combine(day + ONE_DAY, time(), zone)
        hours = (end.timestamp() - start.timestamp()) / 3600
        if hours != 24:
            found.append((day, hours))
    return found
