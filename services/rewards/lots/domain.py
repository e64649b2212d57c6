"""Lots: points or store credit that became available on one day by one rule, and expire together. Pure.

What is available of somebody's points or credit is what is left of their lots, less their debt. A debt is what was
taken back and was no longer there; whatever comes in pays it first.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

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


class LotKey(NamedTuple):
    """What is together in one lot. `expires_days` is 0 for never."""

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
class Lot:
    """A lot as it stands."""

    lot_id: str
    key: LotKey
    expires_at: datetime | None
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


def expires_at(day: date, days: int, zone: ZoneInfo) -> datetime | None:
    """The moment at which a lot of that day expires: when so many whole days after it are over, where the store is."""
    if days == 0:
        return None
    return datetime.combine(day + timedelta(days=days + 1), time(), zone).astimezone(UTC)


def put_in(lot: Lot, debt: Debt, amount: int) -> tuple[Part, ...]:
    """Something comes in: it pays the debt, and the rest of it lies in the lot."""
    paid = min(debt.amount, amount)
    debt.amount -= paid
    lot.granted += amount - paid
    return _parts(lot, amount - paid, paid)


def take_back(lot: Lot, debt: Debt, amount: int) -> Taken:
    """Something of a lot is taken back: its expiry is undone as far as needed, then its remainder goes, and what was no
    longer there is a debt. What is reserved stays so.
    """
    undone = min(lot.expired, amount)
    lot.expired -= undone
    taken = min(lot.remaining, amount)
    lot.clawed_back += taken
    debt.amount += amount - taken
    return Taken(undone, _parts(lot, -taken, taken - amount))


def pay_debt(lot: Lot, debt: Debt) -> tuple[Part, ...]:
    """What is left of a lot that comes in pays the debt: so much of it is taken back."""
    paid = min(debt.amount, lot.remaining)
    lot.clawed_back += paid
    debt.amount -= paid
    return _parts(lot, -paid, paid)


def expire(lot: Lot) -> int:
    """All that is left of it expires; returns how much that was."""
    left = lot.remaining
    lot.expired += left
    return left


def _parts(lot: Lot, of_lot: int, of_debt: int) -> tuple[Part, ...]:
    return tuple(one for one in (Part(lot.lot_id, of_lot), Part(None, of_debt)) if one.amount)
