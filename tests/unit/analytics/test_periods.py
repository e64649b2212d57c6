"""Periods, weeks and edges, and days on which clocks are set."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.analytics.metrics.domain.figures import buckets_of
from services.analytics.metrics.domain.periods import Period, odd_days, usual
from services.analytics.slices.domain import week_of
from services.common.periods import local_day

CHISINAU = ZoneInfo("Europe/Chisinau")


def d(day: int, month: int = 3) -> date:
    return date(2026, month, day)


def test_the_usual_period_compares_equal_weekdays() -> None:
    period = usual(d(22, 11))
    assert (period.first, period.last, period.days) == (d(26, 10), d(22, 11), 28)
    assert period.before() == Period(d(28, 9), d(25, 10))
    assert period.first.weekday() == period.before().first.weekday()


@pytest.mark.parametrize(
    ("first", "last", "weeks", "edges"),
    [
        (d(2), d(8), (d(2), d(8)), []),
        (d(2), d(29), (d(2), d(29)), []),
        (d(1), d(9), (d(2), d(8)), [(d(1), d(1)), (d(9), d(9))]),
        (d(3), d(8), None, [(d(3), d(8))]),
        (d(4), d(12), None, [(d(4), d(12))]),
        (d(3), d(15), (d(9), d(15)), [(d(3), d(8))]),
        (d(5), d(5), None, [(d(5), d(5))]),
    ],
)
def test_a_period_is_whole_weeks_and_edges(
    first: date, last: date, weeks: tuple[date, date] | None, edges: list[tuple[date, date]]
) -> None:
    whole, rest = Period(first, last).whole_weeks()
    assert whole == (Period(*weeks) if weeks else None)
    assert list(rest) == [Period(*edge) for edge in edges]
    days = [*(whole.each_day() if whole else ()), *(day for edge in rest for day in edge.each_day())]
    assert sorted(days) == list(Period(first, last).each_day())


def test_buckets_cover_the_period_without_overlap() -> None:
    period = Period(d(27, 2), d(3, 4))
    for grain in ("day", "week", "month"):
        parts = buckets_of(period, grain)
        assert [day for part in parts for day in part.each_day()] == list(period.each_day())
    assert [part.first for part in buckets_of(period, "month")] == [d(27, 2), d(1), d(1, 4)]


def test_days_of_a_clock_change_are_named() -> None:
    assert odd_days(Period(d(20), d(31)), CHISINAU) == [(d(29), 23.0)]
    assert odd_days(Period(d(20, 10), d(31, 10)), CHISINAU) == [(d(25, 10), 25.0)]
    assert odd_days(Period(d(1), d(31)), ZoneInfo("UTC")) == []


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 28, 21, 59, tzinfo=UTC), d(28)),
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), d(29)),
        (datetime(2026, 3, 29, 20, 59, tzinfo=UTC), d(29)),
        (datetime(2026, 3, 29, 21, 0, tzinfo=UTC), d(30)),
        (datetime(2026, 10, 25, 21, 59, tzinfo=UTC), d(25, 10)),
        (datetime(2026, 10, 25, 22, 0, tzinfo=UTC), d(26, 10)),
    ],
)
def test_a_moment_belongs_to_the_stores_day_also_when_clocks_are_set(moment: datetime, day: date) -> None:
    assert local_day(moment, CHISINAU) == day


def test_weeks_start_on_monday() -> None:
    assert {week_of(day) for day in Period(d(2), d(8)).each_day()} == {d(2)}
