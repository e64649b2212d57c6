"""What the console's list is asked: leniently read, and the addresses that change one thing of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, get_args
from urllib.parse import urlencode

from services.analytics.slices.domain import Calendar
from services.analytics.standings.api.rest import joined_within
from services.analytics.standings.domain import Activity, Chosen, Direction, Sort, Status
from services.kernel.errors import Invalid

LIST: Final = "/console/analytics/ambassadors"
_NAMES: Final = ("sort", "order", "program", "group", "status", "activity", "from", "to", "q", "who", "found")
_SEARCH: Final = ("q", "who", "found")
"""A search is one filter: what was written, whom links found by it, and how many those are in all."""
_LONGEST: Final = {"who": 4_000}
_USUAL: Final = {"sort": "revenue", "order": "desc"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters that say something else than the usual, by their names in the address; what is none is dropped."""

    kept: Mapping[str, str]

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Asked":
        """From GET parameters. A bookmark with a mistake in it still opens the page."""
        found = {name: query.get(name, "").replace("\0", "").strip()[: _LONGEST.get(name, 120)] for name in _NAMES}
        if not found["who"]:
            found |= dict.fromkeys(_SEARCH, "")
        known = {"sort": get_args(Sort), "order": get_args(Direction), "status": get_args(Status)}
        known["activity"] = get_args(Activity)
        return cls(
            {
                name: text
                for name, text in found.items()
                if text and text in known.get(name, (text,)) and text != _USUAL.get(name)
            }
        )

    @property
    def sort(self) -> Sort:
        """By which column."""
        return self.kept.get("sort", "revenue")  # type: ignore[return-value]  # `read` lets only these through

    @property
    def order(self) -> Direction:
        """Which end comes first."""
        return self.kept.get("order", "desc")  # type: ignore[return-value]  # likewise

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the list."""
        return {name: text for name, text in self.kept.items() if name not in {*_USUAL, "who", "found"}}

    @property
    def among(self) -> tuple[str, ...] | None:
        """Whom a search found; None where nobody searched."""
        return tuple(self.kept["who"].split(",")) if "who" in self.kept else None

    @property
    def left_out(self) -> int:
        """How many more a search found than are here."""
        found = self.kept.get("found", "")
        return max(0, int(found) - len(self.among or ())) if found.isdecimal() and len(found) < 10 else 0

    def chosen(self, calendar: Calendar) -> tuple[Chosen, str]:
        """The question, and the days that are none: they narrow nothing."""
        days = {name: day(self.kept.get(name, "")) for name in ("from", "to")}
        wrong = next((self.kept[name] for name in days if name in self.kept and days[name] is None), "")
        try:
            since, until = joined_within(calendar, days["from"], days["to"])
        except Invalid:
            since, until, wrong = None, None, f"{self.kept.get('from', '')} – {self.kept.get('to', '')}"
        status: Status | None = self.kept.get("status")  # type: ignore[assignment]  # `read` lets only these through
        activity: Activity | None = self.kept.get("activity")  # type: ignore[assignment]  # likewise
        chosen = Chosen(
            sort=self.sort,
            order=self.order,
            program_id=self.kept.get("program"),
            group=self.kept.get("group"),
            status=status,
            activity=activity,
            joined_from=since,
            joined_to=until,
            among=self.among,
        )
        return chosen, wrong

    def href(self, *, without: str = "", **more: str) -> str:
        """The list's address, without one of its filters, or with some more parameters."""
        gone = _SEARCH if without == "q" else (without,)
        pairs = {**{name: text for name, text in self.kept.items() if name not in gone}, **more}
        query = {name: text for name, text in pairs.items() if text and text != _USUAL.get(name)}
        return f"{LIST}?{urlencode(query)}" if query else LIST

    def cleared(self) -> str:
        """The whole list, in the same order."""
        return Asked({name: text for name, text in self.kept.items() if name in _USUAL}).href()

    def sorted_by(self, sort: Sort) -> str:
        """The same list by a column; by the one that it is in already, from its other end."""
        turned = "asc" if sort == self.sort and self.order == "desc" else "desc"
        return self.href(sort=sort, order=turned)


def day(text: str) -> date | None:
    """A day as addresses write it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
