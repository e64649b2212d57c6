"""Calendar days where a store is, and the periods by which its rules count them. Pure."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Period = Literal["day", "week", "month", "year", "ever"]


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of a moment where the store is."""
    return at.astimezone(zone).date()


@lru_cache(maxsize=4096)
def window(period: Period, day: date) -> tuple[date, date]:
    """First and last day of the period that holds `day`. Weeks start on Monday."""
    if period == "day":
        return day, day
    if period == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if period == "month":
        first = day.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if period == "year":
        return day.replace(month=1, day=1), day.replace(month=12, day=31)
    return date.min, date.max
