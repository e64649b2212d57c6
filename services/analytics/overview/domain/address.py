"""The page's own address: what it was asked, leniently read, and the links that change one thing of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from services.analytics.metrics.domain.figures import Asked
from services.analytics.metrics.domain.periods import EARLIEST, LATEST, LONGEST_DAYS, ONE_DAY, Period, usual
from services.ui import Choice, Reader
from services.ui.locales import Speech

PATH = "/console"
TILES = ("revenue", "orders", "customers", "clicks", "conversion", "cost_rate")


@dataclass(frozen=True, slots=True)
class Address:
    """What the page was asked. What cannot be answered is replaced by the usual, and kept to be said: `no_day` is text
    that is no day, `no_period` the days that are no period, `no_program` an id that is nobody's.
    """

    metric: str = "revenue"
    program_id: str | None = None
    first: date | None = None
    last: date | None = None
    compare: bool = True
    no_day: str = ""
    no_period: tuple[date | None, date | None] | None = None
    no_program: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Address":
        """From GET parameters. A bookmark with a mistake in it still opens the page."""
        days = [query.get(name, "").strip() for name in ("from", "to")]
        odd = next((text for text in days if text and _day(text) is None), "")
        first, last = (None, None) if odd else map(_day, days)
        metric = query.get("metric", "revenue")
        return cls(
            metric=metric if metric in TILES else "revenue",
            program_id=query.get("program_id") or None,
            first=first,
            last=last,
            compare=query.get("compare", "previous") != "none",
            no_day=odd,
        )

    def asked(self) -> Asked:
        """The question for the figures."""
        return Asked(self.program_id, self.first, self.last, self.compare)

    def usual_period(self) -> "Address":
        """With the usual days, since those asked for are no period."""
        return replace(self, first=None, last=None, no_period=(self.first, self.last))

    def every_program(self) -> "Address":
        """With all programs, since there is no such one."""
        return replace(self, program_id=None, no_program=True)

    def kept(self, *, without: frozenset[str] = frozenset()) -> dict[str, str]:
        """Parameters that say something else than the usual."""
        pairs = {
            "metric": self.metric if self.metric != "revenue" else None,
            "program_id": self.program_id,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
            "compare": None if self.compare else "none",
        }
        return {name: value for name, value in pairs.items() if value is not None and name not in without}

    def href(self, path: str = PATH, **more: str) -> str:
        """The address, with some parameters added."""
        query = urlencode({**self.kept(), **more})
        return f"{path}?{query}" if query else path

    def with_metric(self, metric: str) -> str:
        """The same page with another metric in the trend."""
        return replace(self, metric=metric).href()

    def with_program(self, program_id: str | None) -> str:
        """The same page for another program."""
        return replace(self, program_id=program_id).href()

    def with_period(self, period: Period | None) -> str:
        """The same page for another period; the usual one without."""
        first, last = (period.first, period.last) if period else (None, None)
        return replace(self, first=first, last=last).href()

    def file(self, path: str, format: str, **more: str) -> str:
        """The address of the same figures as a file of the metrics API."""
        query = self.kept(without=frozenset({"metric"}))
        return f"/v1/metrics/{path}?{urlencode({**query, **more, 'format': format})}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def mistakes(address: Address, reader: Reader) -> list[str]:
    """What of the question could not be answered, and what is shown instead."""
    speech, fmt, texts = reader.speech, reader.fmt, []
    if address.no_day:
        texts.append(speech.say("“%(text)s” is no day, so the last 28 days are shown.", text=address.no_day))
    if address.no_period:
        first, last = address.no_period
        if first and last and last < first:
            texts.append(
                speech.say(
                    "The period ends on %(last)s, before it begins on %(first)s, so the last 28 days are shown.",
                    first=fmt.date(first, year=True),
                    last=fmt.date(last, year=True),
                )
            )
        elif any(day and not EARLIEST <= day <= LATEST for day in address.no_period):
            texts.append(
                speech.say(
                    "Days lie between %(first)s and %(last)s, so the last 28 days are shown.",
                    first=fmt.date(EARLIEST, year=True),
                    last=fmt.date(LATEST, year=True),
                )
            )
        else:
            texts.append(
                speech.count(
                    "At most %(n)s day is shown at a time, so it is the last 28 days here.",
                    "At most %(n)s days are shown at a time, so it is the last 28 days here.",
                    LONGEST_DAYS,
                    n=fmt.number(LONGEST_DAYS),
                )
            )
    if address.no_program:
        texts.append(speech.say("That program does not exist here, so all programs are shown."))
    return texts


def presets(address: Address, today: date, shown: Period, speech: Speech) -> list[Choice]:
    """Usual periods as links."""
    month = today.replace(day=1)
    before = (month - ONE_DAY).replace(day=1)
    periods = (
        (speech.say("Today"), Period(today, today)),
        (speech.say("Last 7 days"), Period(today - timedelta(days=6), today)),
        (speech.say("Last 28 days"), usual(today)),
        (speech.say("This month"), Period(month, today)),
        (speech.say("Last month"), Period(before, month - ONE_DAY)),
        (speech.say("Last 91 days"), Period(today - timedelta(days=90), today)),
    )
    return [
        Choice(label, href=address.with_period(None if period == usual(today) else period), current=period == shown)
        for label, period in periods
    ]
