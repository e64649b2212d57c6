"""What the console's list of orders is asked: leniently read, and the addresses that change one thing of it."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from services.attribution.decisions.schemas.out import Status
from services.kernel.http.fields import FIRST_YEAR, LAST_YEAR
from services.ui import Reader

LIST = "/console/attribution/orders"

_NAMES = {"first": "from", "last": "to"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The page's filters as they were written; "" for none. `first` and `last` are days of the store's zone."""

    status: Status | None = None
    reason: str = ""
    q: str = ""
    first: str = ""
    last: str = ""
    ambassador: str = ""
    """A promo code of theirs."""
    program: str = ""

    @property
    def number(self) -> str | None:
        """Part of the order's number. The sign before it is how pages write numbers, and no part of one."""
        return self.q.replace("\0", "").strip().lstrip("#") or None

    def kept(self) -> dict[str, str]:
        """The parameters in force, by the names they have in the address."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {_NAMES.get(name, name): value.strip() for name, value in pairs if value and value.strip()}

    def href(self, *, without: str = "", **more: str) -> str:
        """The list's address, without one of its parameters, or with some more."""
        query = {**{name: value for name, value in self.kept().items() if name != without}, **more}
        return f"?{urlencode(query)}" if query else LIST


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment up to before another; either may be open. `wrong` says why the days asked for are none."""

    since: datetime | None = None
    until: datetime | None = None
    wrong: str = ""


def period(asked: Asked, reader: Reader) -> Period:
    """The days asked for, from the first one's midnight to the end of the last one, where the store is."""
    first, last, speech = _day(asked.first), _day(asked.last), reader.speech
    for text, day in ((asked.first, first), (asked.last, last)):
        if text.strip() and day is None:
            return Period(wrong=speech.say("“%(text)s” is no day, so orders of all days are shown.", text=text.strip()))
    if first and last and last < first:
        wrong = speech.say(
            "The period ends on %(last)s, before it begins on %(first)s, so orders of all days are shown.",
            first=reader.fmt.date(first, year=True),
            last=reader.fmt.date(last, year=True),
        )
        return Period(wrong=wrong)
    return Period(
        _midnight(first, reader.zone) if first else None,
        _midnight(last + timedelta(days=1), reader.zone) if last else None,
    )


def written(text: str, reader: Reader) -> str:
    """A day as its reader writes it; what is no day, as it came."""
    day = _day(text)
    return reader.fmt.date(day) if day else text.strip()


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year < LAST_YEAR else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
