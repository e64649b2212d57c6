"""Tiers: what an ambassador's settled orders count as, which tier that reaches, and when that may end. Pure.

Counts are kept by the day on which orders settled, where the store is, and in all. So a window is a sum over days, and
what orders do to counters is a difference. What somebody's standing is follows from the one before and the counts; it
says itself when it must be looked at again, if nothing comes before.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from contracts.program import Program
from contracts.tiers import CalendarWindow, OneStep, RollingWindow, Tiers
from services.common.money import share_half_up
from services.common.periods import local_day
from services.kernel.revisions import Ref
from services.rewards.rules.domain import Grade, Order, goods_left

TIERS_JOB = "tiers"

IN_ALL = date.min
"""As the day of a counter: of all days together."""

NO_TIER = 10_000
"""What rewards of who is in no tier are multiplied by, in basis points."""


class TierKey(NamedTuple):
    """Whose standing in which program it is."""

    store_id: str
    ambassador_id: str
    program_id: str


FriendKey = tuple[TierKey, str]
"""A friend of somebody's in a program."""


class Count(NamedTuple):
    """What settled on a day, or in all, and who clicked. A friend counts on the day of the first of their orders that
    counts.
    """

    friends: int = 0
    orders: int = 0
    revenue_minor: int = 0
    clicks: int = 0

    def plus(self, other: "Count", sign: int = 1) -> "Count":
        """The sum of both, or this without the other."""
        return Count(*(one + sign * more for one, more in zip(self, other, strict=True)))

    def of(self, measure: str) -> int:
        """What there is of one of them."""
        return {
            "friends": self.friends,
            "orders": self.orders,
            "revenue": self.revenue_minor,
            "clicks": self.clicks,
        }[measure]


Counts = Mapping[date, Count]
"""By day; `IN_ALL` is the sum of all days, also of those that are left out."""


class Counted(Struct, frozen=True, kw_only=True):
    """A settled order as it counts now. `revenue_minor` is in its program's currency."""

    store_id: str
    order_id: str
    ambassador_id: str
    program_id: str
    friend_id: str
    day: date
    revenue_minor: int

    @property
    def ref(self) -> Ref:
        """The order."""
        return self.store_id, self.order_id

    @property
    def key(self) -> TierKey:
        """For whom it counts."""
        return TierKey(self.store_id, self.ambassador_id, self.program_id)


class Standing(Struct, frozen=True, kw_only=True):
    """Where somebody stands: in which tier since when, by which version's tiers. `falls_at` is when they fall by a step
    unless they come back, `due_at` when time alone may change something.
    """

    tier: str | None
    since: datetime
    version: int
    falls_at: datetime | None = None
    due_at: datetime | None = None
    revision: int = 0


class Rules(NamedTuple):
    """By what standings are told now: a program's newest version, and where its store is."""

    version: int
    tiers: Tiers | None
    zone: ZoneInfo


class Move(NamedTuple):
    """A standing before and after, by these tiers; `before` is None where there was none."""

    before: Standing | None
    after: Standing
    tiers: Tiers | None

    @property
    def left(self) -> str | None:
        """The tier that they were in."""
        return start_of(self.tiers) if self.before is None else self.before.tier

    @property
    def why(self) -> Literal["reached", "fell", "program_changed"] | None:
        """Why they are in another tier; None if they are not."""
        if self.left == self.after.tier:
            return None
        was = None if self.tiers is None else level_of(self.tiers, self.left)
        now = None if self.tiers is None else level_of(self.tiers, self.after.tier)
        if was is None or now is None:
            return "program_changed"
        return "reached" if now > was else "fell"


def revenue_left(order: Order, currency: str) -> int | None:
    """What a settled order brings, of its subtotal: never more than when it settled, and 0 in another currency. None
    for one that counts for nobody, or of which nothing is left.
    """
    return None if order.settled_at is None or order.refusal is not None else goods_revenue(order, currency)


def goods_revenue(order: Order, currency: str) -> int | None:
    """The same of any order, whoever referred it; None if nothing is left of its goods."""
    states = (order,) if order.then is None else (order, order.then)
    left = [goods_left(one) for one in states]
    if not all(left):
        return None
    earning = (one.earning(one.subtotal_minor) * part for one, part in zip(states, left, strict=True))
    revenue = min(share_half_up(1, *part.as_integer_ratio()) for part in earning)
    return revenue if order.currency == currency else 0


def counted(
    order: Order, program: Program | None, *, today: date, zone: ZoneInfo, before: Counted | None
) -> Counted | None:
    """What an order counts as; None if it counts for nobody. It keeps the day that it was first counted on, and is
    never of a day to come.
    """
    if program is None or program.tiers is None or order.settled_at is None:
        return None
    revenue = revenue_left(order, program.currency)
    if revenue is None or order.program_id is None or order.ambassador_id is None:
        return None
    return Counted(
        store_id=order.store_id,
        order_id=order.order_id,
        ambassador_id=order.ambassador_id,
        program_id=order.program_id,
        friend_id=order.person or order.friend_id,
        day=min(today, local_day(order.settled_at, zone)) if before is None else before.day,
        revenue_minor=revenue,
    )


def differences(
    before: Iterable[Counted],
    after: Iterable[Counted],
    first_before: Mapping[FriendKey, date],
    first_after: Mapping[FriendKey, date],
) -> dict[TierKey, dict[date, Count]]:
    """What counters move by when some orders count otherwise. `first_…` are the days of friends' first orders that
    count, before and after, of those who have one.
    """
    moved: dict[TierKey, dict[date, Count]] = defaultdict(lambda: defaultdict(Count))
    for sign, orders in ((-1, before), (1, after)):
        for one in orders:
            for day in (one.day, IN_ALL):
                moved[one.key][day] = moved[one.key][day].plus(Count(0, 1, one.revenue_minor), sign)
    for sign, firsts in ((-1, first_before), (1, first_after)):
        for (key, _), first in firsts.items():
            for day in (first, IN_ALL):
                moved[key][day] = moved[key][day].plus(Count(1), sign)
    some = {key: {day: by for day, by in days.items() if any(by)} for key, days in moved.items()}
    return {key: days for key, days in some.items() if days}


def friends_of(orders: Iterable[Counted]) -> set[FriendKey]:
    """The friends whose orders these are."""
    return {(one.key, one.friend_id) for one in orders}


def first_day(tiers: Tiers | None, day: date) -> date:
    """The first day whose counter is needed to know where somebody stands on that day."""
    match None if tiers is None else tiers.window:
        case CalendarWindow(period=period):
            months = {"month": 1, "quarter": 3, "year": 12}[period]
            return day.replace(month=(day.month - 1) // months * months + 1, day=1)
        case RollingWindow(days=days):
            return day - timedelta(days=days - 1)
        case _:
            return day


def count_on(tiers: Tiers, kept: Counts, day: date) -> int:
    """What counts on a day: in all, or within the window that it is in."""
    if tiers.window.kind == "ever":
        return kept.get(IN_ALL, Count()).of(tiers.measure)
    first = first_day(tiers, day)
    return sum(one.of(tiers.measure) for when, one in kept.items() if when != IN_ALL and first <= when <= day)


def tenure_begins(joined: date, months: int) -> date:
    """The day from which somebody has been there for more than so many months: the one after the same day of the month,
    or after the last of a shorter one. At none they are from the start.
    """
    if months == 0:
        return joined
    year, month = divmod(joined.year * 12 + joined.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(joined.day, last)) + timedelta(days=1)


def months_between(joined: date, day: date) -> int:
    """Whole months since joining, as tiers count them: one is full on the day after."""
    months = max(0, (day.year - joined.year) * 12 + day.month - joined.month)
    return months if months == 0 or tenure_begins(joined, months) <= day else months - 1


def grade_of(tiers: Tiers, tier: str | None) -> Grade:
    """What a version's tiers make of a reward of somebody who is in that tier. One that it does not have is none."""
    found = tiers.named(tier)
    return Grade(None, NO_TIER) if found is None else Grade(found.name, found.multiplier_basis_points)


def is_fresh(standing: Standing | None, rules: Rules, now: datetime) -> bool:
    """Whether a standing is still what it says."""
    return (
        standing is not None
        and standing.version == rules.version
        and (standing.due_at is None or standing.due_at > now)
    )


def advance(before: Standing | None, rules: Rules, kept: Counts, joined: date | None, now: datetime) -> Standing:
    """The standing as it is now. What fell due meanwhile is done at its own moment, one after the other."""
    standing = before or Standing(tier=start_of(rules.tiers), since=now, version=rules.version)
    while standing.version == rules.version and standing.due_at is not None and standing.due_at <= now:
        standing = _look(standing, rules, kept, joined, standing.due_at)
    return _look(standing, rules, kept, joined, now)


def move_of(before: Standing | None, after: Standing, tiers: Tiers | None) -> Move | None:
    """What there is to keep, and to publish; None if all is as it was. Who is where everybody begins, and does not move
    by time, needs no standing.
    """
    if before is None and after.tier == start_of(tiers) and after.due_at is None:
        return None
    if before is not None and replace(after, revision=before.revision) == before:
        return None
    return Move(before, replace(after, revision=1 if before is None else before.revision + 1), tiers)


def start_of(tiers: Tiers | None) -> str | None:
    """The tier that everybody begins in, if there is one."""
    return tiers.steps[0].name if tiers is not None and tiers.steps[0].at == 0 else None


def level_of(tiers: Tiers, tier: str | None) -> int | None:
    """Number of a tier from 0, −1 for none, None for one that is not there."""
    if tier is None:
        return -1
    return next((level for level, one in enumerate(tiers.steps) if one.name == tier), None)


def _look(standing: Standing, rules: Rules, kept: Counts, joined: date | None, at: datetime) -> Standing:
    tiers, day = rules.tiers, local_day(at, rules.zone)
    if tiers is None:
        level, falls_at, due_at = -1, None, None
    elif tiers.measure == "tenure":
        level, falls_at = _stayed(tiers, joined, day), None
        due_at = _stays_longer(tiers, joined, level, rules.zone)
    else:
        level, falls_at = _stands(standing, tiers, count_on(tiers, kept, day), at)
        due_at = _lapses(tiers, kept, level, day, rules.zone) if falls_at is None else falls_at
    tier = tiers.steps[level].name if tiers is not None and level >= 0 else None
    return replace(
        standing,
        tier=tier,
        since=standing.since if tier == standing.tier else at,
        version=rules.version,
        falls_at=falls_at,
        due_at=due_at,
    )


def _stands(standing: Standing, tiers: Tiers, count: int, at: datetime) -> tuple[int, datetime | None]:
    """The level that somebody is on with this count, and when they fall by one unless they come back."""
    reached = sum(one.at <= count for one in tiers.steps) - 1
    held = level_of(tiers, standing.tier)
    if held is None or held <= reached or tiers.when_below.then == "match":
        return reached, None
    if not isinstance(tiers.when_below, OneStep):
        return held, None
    grace = timedelta(days=tiers.when_below.grace_days)
    falls_at = standing.falls_at or at + grace
    if falls_at > at:
        return held, falls_at
    return held - 1, None if held - 1 <= reached else falls_at + grace


def _lapses(tiers: Tiers, kept: Counts, level: int, day: date, zone: ZoneInfo) -> datetime | None:
    """When the count falls below a level if nothing more comes; None if it does not."""
    least = tiers.steps[level].at if level >= 0 else 0
    if not least or tiers.when_below.then == "keep":
        return None
    first = first_day(tiers, day)
    match tiers.window:
        case CalendarWindow():
            return _midnight(_next_period(tiers, first), zone)
        case RollingWindow(days=days):
            left = count_on(tiers, kept, day)
            for when in sorted(one for one in kept if first <= one <= day):
                left -= kept[when].of(tiers.measure)
                if left < least:
                    return _midnight(when + timedelta(days=days), zone)
    return None


def _next_period(tiers: Tiers, first: date) -> date:
    following = first
    while first_day(tiers, following) == first:
        following = (following + timedelta(days=31)).replace(day=1)
    return following


def _stayed(tiers: Tiers, joined: date | None, day: date) -> int:
    if joined is None:
        return -1 if tiers.steps[0].at else 0
    return sum(tenure_begins(joined, one.at) <= day for one in tiers.steps) - 1


def _stays_longer(tiers: Tiers, joined: date | None, level: int, zone: ZoneInfo) -> datetime | None:
    if joined is None or level + 1 >= len(tiers.steps):
        return None
    return _midnight(tenure_begins(joined, tiers.steps[level + 1].at), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
