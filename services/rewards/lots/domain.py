"""Lots: points or store credit that became available on one day by one rule, and expire together. Pure.

What is available of somebody's points or credit is what is left of their lots, less their debt. A debt is what was
taken back and was nowhere in their lots any more; whatever comes in pays it first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.program import Program
from services.rewards.rules.domain import Side

EXPIRY_JOB: Final = "lot-expiry"

Kind = Literal["store_credit", "points"]
"""What lots are made of: cash is paid out, and never expires."""


class Holder(NamedTuple):
    """Whose points or credit: one debt and any number of lots."""

    store_id: str
    side: Side
    owner: str
    unit: str
    kind: Kind


class Term(NamedTuple):
    """How long what a rule gives can be used."""

    days: int = 0
    """Above 0: whole days after the one on which it became available. Below 0: as many whole days after the one on
    which its holder was last active. 0: it never expires.
    """
    notice_days: int | None = None
    """How many days before it expires its holder is told; None for not."""


class LotKey(NamedTuple):
    """What is together in one lot. `expires_days` as in `Term.days`."""

    holder: Holder
    program_id: str
    rule: str
    day: date
    expires_days: int


class Part(Struct, frozen=True):
    """What a posting set did to a lot: above zero came in, below went out. Without a lot: to the debt, above zero what
    was paid of it, below what was added to it.
    """

    lot_id: str | None
    amount: int


@dataclass(slots=True, kw_only=True)
class Clock:
    """When all lots of one holder expire that expire by idleness after so many days. Activity moves the clock, and no
    lot. One that has run out never runs again: what comes in later has another.
    """

    clock_id: str
    holder: Holder
    days: int
    notice_days: int | None
    expires_at: datetime
    notice_at: datetime | None
    """When the holder is told; None where they were, or are not to be."""

    def runs_out(self, day: date, zone: ZoneInfo) -> datetime:
        """When it runs out if the holder was active last on that day."""
        return after_days(day, self.days, zone)

    def move_to(self, day: date, zone: ZoneInfo) -> None:
        """The holder was active on that day."""
        self.expires_at = self.runs_out(day, zone)
        self.notice_at = notice_at(self.expires_at, self.notice_days, zone)


@dataclass(slots=True, kw_only=True)
class Lot:
    """A lot as it stands."""

    lot_id: str
    key: LotKey
    expires_at: datetime | None
    """Its own moment, or its clock's; None for never."""
    clock_id: str | None = None
    notice_at: datetime | None = None
    """When the holder is told that it expires, where it has no clock; None where they were, or are not to be."""
    granted: int = 0
    clawed_back: int = 0
    expired: int = 0
    reserved: int = 0
    used: int = 0
    expired_by: int | None = None
    """Number of the set by which it last expired."""
    joined_from: str = ""
    """The contact under which it lay before that was its holder's; empty where it always was theirs."""

    @property
    def order(self) -> tuple[datetime, date, str]:
        """Its place among its holder's lots: that which expires first is used first."""
        return self.expires_at or datetime.max.replace(tzinfo=UTC), self.key.day, self.lot_id

    @property
    def remaining(self) -> int:
        """What is left of it: what is set aside for a purchase is not, until it is let go."""
        return self.granted - self.clawed_back - self.expired - self.reserved - self.used


@dataclass(slots=True)
class Debt:
    """What somebody was taken back and no longer had."""

    amount: int = 0


class Taken(Struct, frozen=True):
    """What has to be posted for something that is taken back: first so much of the lot's expiry is undone."""

    undone: int
    parts: tuple[Part, ...]


def after_days(day: date, days: int, zone: ZoneInfo) -> datetime:
    """The moment at which so many whole days after a day are over, where the store is."""
    return datetime.combine(day + timedelta(days=days + 1), time(), zone).astimezone(UTC)


def expires_at(day: date, days: int, zone: ZoneInfo) -> datetime | None:
    """When a lot of that day expires by itself, by `Term.days`; None for never, and for one that has a clock."""
    return after_days(day, days, zone) if days > 0 else None


def last_day(moment: datetime, zone: ZoneInfo) -> date:
    """The last day on which what expires at a moment can be used."""
    return (moment - timedelta(microseconds=1)).astimezone(zone).date()


def notice_at(moment: datetime | None, notice_days: int | None, zone: ZoneInfo) -> datetime | None:
    """When a holder is told of what expires at a moment: as a day begins, so many days before. None for never."""
    if moment is None or notice_days is None:
        return None
    day = last_day(moment, zone) + timedelta(days=1 - notice_days)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def put_in(lot: Lot, debt: Debt, amount: int) -> tuple[Part, ...]:
    """Something comes in: it pays the debt, and the rest of it lies in the lot."""
    paid = min(debt.amount, amount)
    debt.amount -= paid
    lot.granted += amount - paid
    return tuple(one for one in (Part(lot.lot_id, amount - paid), Part(None, paid)) if one.amount)


def take_back(lot: Lot, debt: Debt, amount: int, others: Sequence[Lot] = ()) -> Taken:
    """Something of a lot is taken back: its expiry is undone as far as needed, then its remainder goes; what is no
    longer there is taken from the holder's `others`, in their order, and what is nowhere is a debt. What is reserved
    stays so.
    """
    undone = min(lot.expired, amount)
    lot.expired -= undone
    parts = []
    for one in (lot, *others):
        if taken := min(one.remaining, amount):
            one.clawed_back += taken
            amount -= taken
            parts.append(Part(one.lot_id, -taken))
    debt.amount += amount
    return Taken(undone, (*parts, Part(None, -amount)) if amount else tuple(parts))


def first_to_expire(lots: Iterable[Lot], now: datetime) -> list[Lot]:
    """Those with something left that can be used, in the order in which they are: who never expires comes last."""
    usable = [lot for lot in lots if lot.remaining and (lot.expires_at is None or lot.expires_at > now)]
    return sorted(usable, key=lambda lot: lot.order)


def pay_debt(lot: Lot, debt: Debt) -> tuple[Part, ...]:
    """What is left of a lot that comes in pays the debt: so much of it is taken back."""
    paid = min(debt.amount, lot.remaining)
    lot.clawed_back += paid
    debt.amount -= paid
    return (Part(lot.lot_id, -paid), Part(None, paid)) if paid else ()


def expire(lot: Lot) -> int:
    """All that is left of it expires; returns how much that was."""
    left = lot.remaining
    lot.expired += left
    return left


def term_of(program: Program | None, rule: str) -> Term:
    """How long what a rule gives can be used; what no rule gives never expires."""
    if program is None:
        return Term()
    rules = (*program.all_rules, *program.milestone_rewards, *program.cashback_rewards, *program.plan_rewards)
    one = next((one for one in rules if one.name == rule), None)
    if one is None:
        return Term()
    days = (one.expires_after_days or 0) if one.expiry is None else -one.expiry.days
    return Term(days, one.expiry_notice_days)
