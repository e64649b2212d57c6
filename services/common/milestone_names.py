"""What milestones are called where people read: by what they count, and how many of it were reached; and plans, by
their name and period.
"""

from datetime import date
from typing import Protocol

from services.common.plan_periods import PlanPeriod
from services.common.words import Translator


class Counts(Translator, Protocol):
    """A reader's language that knows how many of a thing there are: `services.ui.Speech` is one."""

    def count(self, one: str, many: str, number: float, /, **values: object) -> str:
        """The message for so many."""


class Writes(Protocol):
    """How a reader writes figures: `services.ui.Format` is one."""

    def number(self, value: int, /) -> str:
        """A number."""

    def month(self, value: date, /) -> str:
        """A month with its year."""

    def money(self, minor: int, currency: str, /) -> str:
        """An amount."""


def milestone_text(source_id: str, currency: str, speech: Counts, fmt: Writes) -> str:
    """What was reached, in the middle of a sentence: "milestone: 5 friends". `source_id` is what a reward says that it
    is for (`amb_…/five/every/5/friends/5`), `currency` that of its program. Of a plan's target, which names its period:
    "plan “bonus”, Mar 2027".
    """
    if (period := PlanPeriod.read(source_id.rsplit("/", 1)[-1])) is not None and source_id.count("/") == 4:
        name = source_id.split("/")[1]
        return speech.say("plan “%(name)s”, %(period)s", name=name, period=plan_period_text(period, speech, fmt))
    of, reached = source_id.rsplit("/", 2)[-2:]
    size = int(reached)
    if of == "friends":
        return speech.count("milestone: %(n)s friend", "milestone: %(n)s friends", size, n=fmt.number(size))
    if of == "orders":
        return speech.count("milestone: %(n)s order", "milestone: %(n)s orders", size, n=fmt.number(size))
    return speech.say("milestone: orders for %(amount)s", amount=fmt.money(size, currency))


def milestone_title(source_id: str, currency: str, speech: Counts, fmt: Writes) -> str:
    """The same where it stands alone."""
    text = milestone_text(source_id, currency, speech, fmt)
    return text[:1].upper() + text[1:]


def plan_period_text(period: PlanPeriod, speech: Counts, fmt: Writes) -> str:
    """A period as people write it: "Mar 2027", "quarter 1 of 2027", "2027"."""
    if period.kind == "month":
        return fmt.month(period.first)
    if period.kind == "quarter":
        return speech.say("quarter %(n)s of %(year)s", n=str(period.quarter), year=str(period.first.year))
    return str(period.first.year)
