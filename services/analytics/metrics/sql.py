"""Reads the roll-ups of a period. No statement touches a fact: cost follows the days asked for, never the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.analytics.metrics.domain.periods import Period
from services.analytics.metrics.domain.totals import DayRow
from services.analytics.rollups.domain.measures import CHANNELS, DAILY, HISTOGRAMS, LEADERS
from services.analytics.rollups.domain.sketch import Sketch
from services.kernel.db import Tx

_OF_PROGRAM = "and (cast(:program as text) is null or program_id = :program or program_id = '')"
_ONLY_PROGRAM = "and (cast(:program as text) is null or program_id = :program)"


def _sums(columns: Sequence[str], only: str = "") -> str:
    only = only.replace(":program", "cast(:program as text)")
    return ", ".join(f"cast(coalesce(sum({column}) {only}, 0) as bigint) as {column}" for column in columns)


# "All" is the store's, whatever program is chosen: a program's share of all orders, its sharers' share of all shares.
WHOLE = {
    "all_orders": "orders + other_orders",
    "all_first_orders": "first_orders",
    "all_shares": "shares",
}
_DAILY = f"""
select day, currency, {_sums(DAILY, "filter (where :program is null or program_id in (:program, ''))")},
  {", ".join(f"coalesce(cast(sum({summed}) as bigint), 0) as {name}" for name, summed in WHOLE.items())}
from daily where store_id = :store and day between :first and :last
group by day, currency order by day, currency
"""  # noqa: S608 - names come from the roll-ups' own lists, here and below
_PEOPLE = """
select day, kind, hashes from sketches
where store_id = :store and day between :first and :last and kind = any(cast(:kinds as text[]))
"""
_HISTOGRAMS = {
    name: f"""
select day, {number} as number, cast(sum({summed}) as bigint) as counted from {rollup}
where store_id = :store and day between :first and :last {_ONLY_PROGRAM}
group by day, {number} having sum({summed}) > 0
"""  # noqa: S608
    for name, (rollup, number, summed) in HISTOGRAMS.items()
}
_CHANNELS = f"""
select channel, currency, {_sums(CHANNELS)} from daily_channels
where store_id = :store and day between :first and :last {_ONLY_PROGRAM}
group by channel, currency
"""  # noqa: S608
_PLACEMENTS = """
select placement, cast(sum(views) as bigint) as views from daily_placements
where store_id = :store and day between :first and :last
group by placement having sum(views) > 0 order by 2 desc, 1
"""
_REASONS = f"""
select disposition, reason, cast(sum(orders) as bigint) as orders from daily_reasons
where store_id = :store and day between :first and :last {_OF_PROGRAM}
group by disposition, reason having sum(orders) > 0 order by 3 desc, 1, 2
"""  # noqa: S608
# Orders count in whatever currency; money is added up in one only.
_LEADER_SUMS = ", ".join(
    f"coalesce(cast(sum({c}) filter (where currency = :currency) as bigint), 0) as {c}"
    if c.endswith("_minor")
    else f"cast(sum({c}) as bigint) as {c}"
    for c in LEADERS
)
_LEADERS = f"""
with parts as (
  select ambassador_id, currency, {", ".join(LEADERS)} from leaders
  where store_id = :store and grain = 'week' and start between :week_first and :week_last
    {_ONLY_PROGRAM}
  union all
  select ambassador_id, currency, {", ".join(LEADERS)} from leaders
  where store_id = :store and grain = 'day' and start = any(cast(:days as date[]))
    {_ONLY_PROGRAM}
), sums as (
  select ambassador_id, {_LEADER_SUMS} from parts group by ambassador_id
), active as (
  select *, gross_minor - refunds_minor as revenue_minor from sums
  where friends > 0 or orders > 0 or shares > 0 or reward_minor <> 0 or refunds_minor <> 0
)
select *, count(*) over () as ambassadors from active
order by case :sort when 'orders' then orders when 'friends' then friends when 'customers' then customers
  when 'reward' then reward_minor else revenue_minor end desc,
  revenue_minor desc, orders desc, friends desc, ambassador_id
limit :limit offset :offset
"""  # noqa: S608
_REWARDS_BY_STATUS = """
select kind, status, cast(sum(rewards) as bigint) as rewards, cast(sum(amount_minor) as bigint) as amount_minor
from owed
where store_id = :store and currency = :currency and (cast(:program as text) is null or program_id = :program)
group by kind, status having sum(rewards) > 0 order by kind, status
"""
_PROGRESS = "select newest_at, counted_at, delay_ms, events from progress where store_id = :store"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a store is counted."""

    newest_at: datetime
    counted_at: datetime
    delay_ms: int
    events: int


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel's sums in one currency ("" for things that are not money)."""

    channel: str
    currency: str
    sums: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """How often the invitation to share was seen at a place of the store's pages; "" where a page did not say which."""

    placement: str
    views: int


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """How many orders stand under a disposition and reason."""

    disposition: str
    reason: str
    orders: int


@dataclass(frozen=True, slots=True)
class Leader:
    """An ambassador's sums. `code` is filled in by the caller."""

    ambassador_id: str
    friends: int
    shares: int
    orders: int
    customers: int
    revenue_minor: int
    reward_minor: int
    code: str | None = None


@dataclass(frozen=True, slots=True)
class RewardsByStatus:
    """Rewards by side and status, as they stand now."""

    kind: str
    status: str
    rewards: int
    amount_minor: int


async def days(tx: Tx, store_id: str, program_id: str | None, period: Period) -> list[DayRow]:
    """The period's days, one row for each day and currency."""
    rows = await tx.all(_DAILY, store=store_id, program=program_id, first=period.first, last=period.last)
    found = []
    for row in rows:
        values = tuple(row)
        sums = {name: value for name, value in zip((*DAILY, *WHOLE), values[2:], strict=True) if value}
        found.append(DayRow(values[0], values[1], sums))
    return found


async def people(tx: Tx, store_id: str, period: Period, kinds: Sequence[str]) -> dict[tuple[date, str], Sketch]:
    """Sketches by day and kind. They are kept for the store as a whole."""
    rows = await tx.all(_PEOPLE, store=store_id, first=period.first, last=period.last, kinds=list(kinds))
    return {(r.day, r.kind): Sketch.read(r.hashes) for r in rows}


async def histogram(
    tx: Tx, name: str, store_id: str, program_id: str | None, period: Period
) -> dict[date, dict[int, int]]:
    """A histogram of `HISTOGRAMS` by day: number → how often. `cycle_days` counts, on the day on which a friend became
    an ambassador, the days since their own ambassador had joined.
    """
    found: dict[date, dict[int, int]] = {}
    for row in await tx.all(
        _HISTOGRAMS[name], store=store_id, program=program_id, first=period.first, last=period.last
    ):
        found.setdefault(row.day, {})[row.number] = row.counted
    return found


async def channels(tx: Tx, store_id: str, program_id: str | None, period: Period) -> list[ChannelRow]:
    """The period by channel and currency."""
    rows = await tx.all(_CHANNELS, store=store_id, program=program_id, first=period.first, last=period.last)
    return [ChannelRow(r.channel, r.currency, {c: getattr(r, c) for c in CHANNELS}) for r in rows]


async def placements(tx: Tx, store_id: str, period: Period) -> list[PlacementRow]:
    """Views of the invitation to share by place, most first. They are the store's as a whole."""
    rows = await tx.all(_PLACEMENTS, store=store_id, first=period.first, last=period.last)
    return [PlacementRow(r.placement, r.views) for r in rows]


async def reasons(tx: Tx, store_id: str, program_id: str | None, period: Period) -> list[ReasonRow]:
    """The period's orders by disposition and reason, most first."""
    rows = await tx.all(_REASONS, store=store_id, program=program_id, first=period.first, last=period.last)
    return [ReasonRow(r.disposition, r.reason, r.orders) for r in rows]


async def leaders(
    tx: Tx,
    store_id: str,
    program_id: str | None,
    period: Period,
    *,
    currency: str,
    sort: str,
    limit: int | None,
    offset: int = 0,
) -> tuple[list[Leader], int]:
    """The best ambassadors of the period, and how many were active in it at all."""
    weeks, edges = period.whole_weeks()
    nothing = date.min
    rows = await tx.all(
        _LEADERS,
        store=store_id,
        program=program_id,
        week_first=weeks.first if weeks else nothing,
        week_last=weeks.last if weeks else nothing,
        days=[day for edge in edges for day in edge.each_day()],
        currency=currency,
        sort=sort,
        limit=limit,
        offset=offset,
    )
    found = [
        Leader(r.ambassador_id, r.friends, r.shares, r.orders, r.customers, r.revenue_minor, r.reward_minor)
        for r in rows
    ]
    return found, rows[0].ambassadors if rows else 0


async def rewards_by_status(tx: Tx, store_id: str, program_id: str | None, currency: str) -> list[RewardsByStatus]:
    """Rewards by status, now."""
    return [
        RewardsByStatus(r.kind, r.status, r.rewards, r.amount_minor)
        for r in await tx.all(_REWARDS_BY_STATUS, store=store_id, program=program_id, currency=currency)
    ]


async def progress(tx: Tx, store_id: str) -> Progress | None:
    """How far the store is counted; None before its first event."""
    row = await tx.one_or_none(_PROGRESS, store=store_id)
    return Progress(row.newest_at, row.counted_at, row.delay_ms, row.events) if row else None
