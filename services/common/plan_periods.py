"""Calendar periods that have targets: `2027-03`, `2027-Q1`, `2027`. Pure."""

import re
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

PeriodKind = Literal["month", "quarter", "year"]
_MONTHS: Final[dict[PeriodKind, int]] = {"month": 1, "quarter": 3, "year": 12}
_TEXT: Final = re.compile(r"((?:19[7-9]|2\d\d)\d)(?:-(0[1-9]|1[0-2])|-Q([1-4]))?", re.ASCII)


class PlanPeriod(NamedTuple):
    """A month, quarter or year by its first day."""

    kind: PeriodKind
    first: date

    @classmethod
    def holding(cls, kind: PeriodKind, day: date) -> "PlanPeriod":
        """The period of that kind that holds a day."""
        months = _MONTHS[kind]
        return cls(kind, date(day.year, (day.month - 1) // months * months + 1, 1))

    @classmethod
    def read(cls, text: str) -> "PlanPeriod | None":
        """From how people and rewards write it; None for anything else, and for years before 1970 or after 2999."""
        found = _TEXT.fullmatch(text.strip().upper())
        if found is None:
            return None
        year, month, quarter = int(found[1]), found[2], found[3]
        if month is not None:
            return cls("month", date(year, int(month), 1))
        if quarter is not None:
            return cls("quarter", date(year, 3 * int(quarter) - 2, 1))
        return cls("year", date(year, 1, 1))

    @property
    def text(self) -> str:
        """As it is written: `2027-03`, `2027-Q1`, `2027`."""
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        return f"{self.first.year}-Q{self.quarter}" if self.kind == "quarter" else f"{self.first.year}"

    @property
    def quarter(self) -> int:
        """The quarter that it begins in, from 1."""
        return (self.first.month + 2) // 3

    @property
    def after(self) -> date:
        """The first day that is no longer in it."""
        months = self.first.month - 1 + _MONTHS[self.kind]
        return date(self.first.year + months // 12, months % 12 + 1, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after - timedelta(days=1)
