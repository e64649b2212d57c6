"""A statement: what was there, what moved, what is there. Pure.

The balance is what the store owes: on hold, available, reserved and in payout together. A set that only moves it
between these changes no balance.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

LONGEST: Final = timedelta(days=366 * 2)
"""The longest period of a statement."""


EARLIEST: Final = date(1970, 1, 1)
LATEST: Final = date(2999, 12, 31)
"""Days of a statement: beyond them, some zone's midnight is no moment that can be written."""


class Standing(Struct, frozen=True):
    """How one beneficiary's accounts stand in one unit."""

    pending: int = 0
    available: int = 0
    in_payout: int = 0
    reserved: int = 0

    @property
    def balance(self) -> int:
        """What the store owes."""
        return self.pending + self.available + self.in_payout + self.reserved

    def __add__(self, change: "Standing") -> "Standing":
        return Standing(
            self.pending + change.pending,
            self.available + change.available,
            self.in_payout + change.in_payout,
            self.reserved + change.reserved,
        )

    def __sub__(self, change: "Standing") -> "Standing":
        return Standing(
            self.pending - change.pending,
            self.available - change.available,
            self.in_payout - change.in_payout,
            self.reserved - change.reserved,
        )


class Moved(Struct, frozen=True, kw_only=True):
    """What one set changed in each account, and why."""

    number: int
    at: datetime
    movement: str
    reason: str
    reward_id: str | None
    payout_id: str | None
    order_id: str | None
    event_name: str | None = None
    milestone: str | None = None
    """What was reached, where it is for a milestone."""
    redemption_id: str | None = None
    item: str | None = None
    """What was redeemed, as it was called then."""
    currency: str | None = None
    """Of the program of its reward."""
    sponsor_level: int | None = None
    """Of a sponsor's reward: how many levels above who brought the order."""
    pending: int
    available: int
    in_payout: int
    reserved: int = 0

    @property
    def amount(self) -> int:
        """What the balance changed by."""
        return self.pending + self.available + self.in_payout + self.reserved


class Line(Struct, frozen=True):
    """A movement, and how the accounts stand after it."""

    moved: Moved
    after: Standing


def running(opening: Standing, moves: Iterable[Moved]) -> Iterator[Line]:
    """Each movement with what is there after it."""
    stood = opening
    for one in moves:
        stood += Standing(one.pending, one.available, one.in_payout, one.reserved)
        yield Line(one, stood)


def bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments at which a period of whole days begins and is over, where the store is."""
    return (
        datetime.combine(first, time(), zone).astimezone(UTC),
        datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC),
    )
