"""Targets as stores give them: one by one, or as the lines of a spreadsheet. Pure."""

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from io import StringIO
from typing import Final, NamedTuple

from contracts.fields import MAX_MINOR
from contracts.plans import PlanRule
from contracts.program import Program
from services.common.money import exponent, from_decimal, to_decimal
from services.common.plan_periods import PlanPeriod
from services.common.words import Translatable, _
from services.kernel.errors import FieldError, Invalid
from services.rewards.grants.domain.plan_targets import Count, PlanKey, measure_of

MOST_AT_ONCE: Final = 1_000
"""Targets of one request."""
MOST_LINES: Final = 5_000
"""Targets of one file."""
SHOWN_AFTER: Final = timedelta(days=31)
"""For how long an ambassador sees a period that is over: its last orders settle meanwhile."""
TAKEN_AWAY: Final = "-"
"""In a file: there is no target any more."""
_WHO: Final = ("ambassador_id", "ambassador", "ambassador_code", "code", "external_id")


class Wanted(NamedTuple):
    """A target as somebody gives it: one of the three ways to say it, or none where it is to be taken away."""

    ambassador: str
    """An id; in a file also a code, or the store's own id."""
    plan: str
    """Its name; empty where the program has one plan with such periods."""
    period: str
    target_minor: int | None = None
    target_count: int | None = None
    written: str | None = None
    """As people write it: an amount of money, or a number; `-` takes it away."""
    line: int | None = None
    """Of a file."""

    @property
    def taken_away(self) -> bool:
        """Whether there is to be no target any more."""
        return self.written == TAKEN_AWAY or (
            self.written is None and self.target_minor is None and self.target_count is None
        )


class Target(NamedTuple):
    """A target, how far it is, and the bonus that there is for it."""

    key: PlanKey
    target: int
    so_far: Count
    currency: str
    set_at: datetime
    reward_id: str | None = None
    bonus: int = 0
    """What the bonus is worth now: minor units, or points."""
    unit: str = ""
    available_at: datetime | None = None

    @property
    def plan(self) -> str:
        """The plan's name."""
        return self.key.goal.split("/")[0]

    @property
    def of(self) -> str:
        """What it counts."""
        return measure_of(self.key.goal)

    @property
    def reached(self) -> bool:
        """Whether the count is there."""
        return self.so_far.counted >= self.target

    @property
    def share(self) -> float:
        """How much of the way is done, from 0 to 1."""
        return min(1.0, self.so_far.counted / self.target)


class Wrong(NamedTuple):
    """Why a target cannot be set: which of its fields, and the mend."""

    field: str
    code: str
    detail: Translatable


def rule_of(wanted: Wanted, program: Program, period: PlanPeriod) -> PlanRule | Wrong:
    """The plan that is meant."""
    if wanted.plan:
        rule = next((one for one in program.plan_rewards if one.name == wanted.plan), None)
        if rule is None:
            mend = Translatable(_("The ambassador’s program has no plan “%(name)s”."), name=wanted.plan[:40])
            return Wrong("plan", "plan_not_found", mend)
        if rule.on.period != period.kind:
            examples = {"month": "2027-03", "quarter": "2027-Q1", "year": "2027"}
            mend = Translatable(
                _("The plan “%(name)s” has other periods: write one like %(example)s."),
                name=rule.name,
                example=examples[rule.on.period],
            )
            return Wrong("period", "other_period", mend)
        return rule
    able = [rule for rule in program.plan_rewards if rule.on.period == period.kind]
    if len(able) == 1:
        return able[0]
    if not able:
        mend = Translatable(_("The ambassador’s program has no plan with such periods."))
        return Wrong("period", "other_period", mend)
    return Wrong("plan", "missing", Translatable(_("Say which plan: the program has several with such periods.")))


def target_of(wanted: Wanted, rule: PlanRule, currency: str) -> int | Wrong:
    """The target in what the plan counts: minor units, orders or friends."""
    money = rule.on.of == "revenue"
    if wanted.written is not None:
        if money and _in_thousands(wanted.written, currency):
            mend = _("Write the amount without separators of thousands, like %(example)s.")
            ten_thousand = to_decimal(10_000 * 10 ** exponent(currency), currency)
            return Wrong("target", "thousands", Translatable(mend, example=str(ten_thousand)))
        found = _read(wanted.written, currency if money else None)
        field = "target"
    else:
        field, found = ("target_minor", wanted.target_minor) if money else ("target_count", wanted.target_count)
        if found is None:
            other = "target_count" if money else "target_minor"
            mend = Translatable(_("This plan is told by %(field)s."), field=field)
            return Wrong(other, "other_measure", mend)
    if found is None or not 0 < found <= MAX_MINOR:
        amount, number = _("Write an amount above zero."), _("Write a whole number above zero.")
        return Wrong(field, "invalid", Translatable(amount if money else number))
    return found


def _in_thousands(text: str, currency: str) -> bool:
    """Whether the last separator may be one of thousands: ten thousand written 10,000 or 10.000 is never ten."""
    _, *others = "".join(text.split()).replace(",", ".").split(".")
    return len(others) > 1 or (len(others) == 1 and len(others[0]) > exponent(currency))


def _read(text: str, currency: str | None) -> int | None:
    written = "".join(text.split())
    if currency is None:
        return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else None
    try:
        return from_decimal(written.replace(",", "."), currency)
    except Invalid:
        return None


def read_lines(text: str) -> list[Wanted]:
    """The targets of a spreadsheet as CSV: `ambassador` (an id, a code, or the store's own id), `period`, `target`, and
    `plan` where the program has several. Separated by commas, semicolons or tabs.

    Raises `Invalid` naming each line that cannot be read.
    """
    if "\0" in text:  # no database takes one
        raise Invalid.field("csv", Translatable(_("Text may not contain the NUL character.")), code="nul")
    text = text.lstrip("\ufeff").strip()
    heading = text.split("\n", 1)[0]
    separator = max(",;\t", key=heading.count)
    reader = csv.DictReader(StringIO(text), strict=True, delimiter=separator)
    try:
        names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        missing = [name for name in ("period", "target") if name not in names]
        if not any(name in names for name in _WHO):
            missing.insert(0, "ambassador")
        if missing:
            mend = _("The first line names the columns; there is no %(names)s.")
            raise Invalid.field("csv", Translatable(mend, names=", ".join(missing)))
        rows = [
            (reader.line_num, {key: (row.get(name) or "").strip() for key, name in names.items()}) for row in reader
        ]
    except csv.Error:
        raise Invalid.field("csv", Translatable(_("This is no CSV: a quotation mark is left open."))) from None
    found = [_wanted(row, line) for line, row in rows if any(row.values())]
    if not found:
        raise Invalid.field("csv", Translatable(_("There is no line with a target.")))
    if len(found) > MOST_LINES:
        raise Invalid.field("csv", Translatable(_("At most %(most)s lines at once."), most=MOST_LINES), code="too_many")
    return found


def _wanted(row: Mapping[str, str], line: int) -> Wanted:
    who = next((row[name] for name in _WHO if row.get(name)), "")
    return Wanted(who, row.get("plan", ""), row["period"], written=row["target"], line=line)


def at_line(wrong: Wrong, line: int) -> FieldError:
    """A mistake of a file: its path names the line, as an editor counts them."""
    return FieldError(f"csv.{line}.{wrong.field}", wrong.code, wrong.detail)
