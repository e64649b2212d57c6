"""The page's own address: what it was asked, leniently read, and the links that change one thing of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from services.analytics.metrics.domain.figures import Asked
from services.analytics.metrics.domain.periods import ONE_DAY, Period, usual
from services.ui import Choice
from services.ui.locales import Speech

PATH = "/console"
TILES = ("revenue", "orders", "customers", "clicks", "conversion", "cost_rate")


@dataclass(frozen=True, slots=True)
class Address:
    """What the page was asked. `wrong`: something could not be read, and the usual was taken instead."""

    metric: str = "revenue"
    program_id: str | None = None
    first: date | None = None
    last: date | None = None
    compare: bool = True
    wrong: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Address":
        """From GET parameters. A bookmark with a mistake in it still opens the page."""
        first, wrong_first = _day(query.get("from"))
        last, wrong_last = _day(query.get("to"))
        metric = query.get("metric", "revenue")
        return cls(
            metric=metric if metric in TILES else "revenue",
            program_id=query.get("program_id") or None,
            first=first,
            last=last,
            compare=query.get("compare", "previous") != "none",
            wrong=wrong_first or wrong_last,
        )

    def asked(self) -> Asked:
        """The question for the figures."""
        return Asked(self.program_id, self.first, self.last, self.compare)

    def usual(self) -> "Address":
        """Without what cannot be answered."""
        return replace(self, program_id=None, first=None, last=None, wrong=True)

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


def _day(text: str | None) -> tuple[date | None, bool]:
    if not text:
        return None, False
    try:
        return date.fromisoformat(text), False
    except ValueError:
        return None, True


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
