"""What is owed by age: days where the store is, oldest paid first. Pure."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

BUCKETS: Final = ("0-30", "31-60", "61-90", "over_90")
_DAYS: Final = (30, 60, 90)

Amounts = tuple[int, int, int, int]
"""One for each bucket."""
Amounts3 = tuple[int, int, int]
"""One for each bucket but the oldest."""


class Liability(Struct, frozen=True, kw_only=True):
    """What is owed from one kind of account, by days since it was granted. The buckets less `overdrawn` are `total`,
    the balance of the account.
    """

    account: str
    unit: str
    buckets: Amounts
    overdrawn: int
    """What people were paid and has been taken back since: it is set off against what they are granted next."""
    total: int


class Held(Struct, frozen=True, kw_only=True):
    """What one beneficiary has of what was released, and how much of it was granted in each of the younger buckets."""

    available: int
    in_payout: int
    reserved: int = 0
    young: Amounts3


def edges(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """The moments since which something is at most 30, 60 and 90 days old: days begin at the store's midnight."""
    today = now.astimezone(zone).date()
    first, second, third = (_midnight(today - timedelta(days=days), zone) for days in _DAYS)
    return first, second, third


def edges_ahead(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """The moments up to which something expires within 30, 60 and 90 days."""
    today = now.astimezone(zone).date()
    first, second, third = (_midnight(today + timedelta(days=days + 1), zone) for days in _DAYS)
    return first, second, third


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def by_age(account: str, unit: str, young: Iterable[Amounts3], *, total: int, overdrawn: int = 0) -> Liability:
    """What is owed from one kind of account: the younger buckets as they are given, the rest is older."""
    first, second, third = (sum(one) for one in zip(*young, strict=True)) if (young := list(young)) else (0, 0, 0)
    oldest = total + overdrawn - first - second - third
    return Liability(
        account=account, unit=unit, buckets=(first, second, third, oldest), overdrawn=overdrawn, total=total
    )


def split(held: Held) -> tuple[Amounts3, Amounts3, Amounts3]:
    """How much of what somebody has available, reserved, and in payout, is young. What went out was the oldest, what is
    on its way out the next, so that what they still have available is the youngest.
    """
    young, found = held.young, []
    for left in (max(0, held.available), held.reserved, held.in_payout):
        part = []
        for amount in young:
            part.append(min(left, amount))
            left -= part[-1]
        found.append((part[0], part[1], part[2]))
        young = (young[0] - part[0], young[1] - part[1], young[2] - part[2])
    return found[0], found[1], found[2]
