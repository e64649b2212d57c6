"""Loads what an answer is made from. All parts of one answer see the same moment, so that their sums agree."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.analytics.metrics import sql
from services.analytics.metrics.domain.figures import Asked, Channel, Figures, Freshness, View
from services.analytics.metrics.domain.periods import EARLIEST, LATEST, LONGEST_DAYS, Period, usual
from services.analytics.metrics.domain.totals import COSTLY, KINDS, DayRow
from services.analytics.rollups.domain.measures import HISTOGRAMS
from services.analytics.rollups.domain.sketch import Sketch
from services.analytics.settings import BEHIND_AFTER
from services.analytics.slices import sql as slices
from services.common.periods import local_day
from services.kernel.db import Tx
from services.kernel.errors import Invalid, NotFound, Unavailable

_RECENTLY = timedelta(minutes=5)


async def view(tx: Tx, store_id: str, asked: Asked) -> View:
    """Makes the question definite. Raises `Invalid` for a period that cannot be, `NotFound` for an unknown program,
    `Unavailable` in the first second of a store's life.
    """
    calendar = (await slices.calendars(tx, [store_id])).get(store_id)
    if calendar is None:
        raise Unavailable("This store is not known here yet; try again in a moment.")
    versions = await slices.versions(tx, store_id)
    if asked.program_id is not None and asked.program_id not in {v.program_id for v in versions}:
        raise NotFound("There is no such program.")
    for name, day in (("from", asked.first), ("to", asked.last)):
        if day is not None and not EARLIEST <= day <= LATEST:
            raise Invalid.field(name, f"Days lie between {EARLIEST} and {LATEST}.")
    today = local_day(tx.now, calendar.zone)
    last = asked.last or (today if asked.first is None else max(today, asked.first))
    first = asked.first or usual(last).first
    if first > last:
        raise Invalid.field("from", "The first day comes after the last one.")
    period = Period(first, last)
    if period.days > LONGEST_DAYS:
        raise Invalid.field("from", f"At most {LONGEST_DAYS} days at a time.")
    currency = next((v.currency for v in versions if v.program_id == asked.program_id), calendar.currency)
    return View(
        calendar=calendar,
        versions=versions,
        program_id=asked.program_id,
        currency=currency,
        period=period,
        before=period.before() if asked.compare else None,
        today=today,
        freshness=_freshness(tx.now, await sql.progress(tx, store_id)),
    )


def _freshness(now: datetime, progress: sql.Progress | None) -> Freshness:
    if progress is None:
        return Freshness(now, now, 0, None)
    delay = timedelta(milliseconds=progress.delay_ms)
    late = delay > BEHIND_AFTER and now - progress.counted_at < _RECENTLY
    until = progress.newest_at if late else now
    return Freshness(now, until, int((now - until).total_seconds()), progress.newest_at)


async def figures(tx: Tx, asked: View, period: Period, *, needs: Collection[str] = COSTLY) -> Figures:
    """Loads a period. `needs` are those of the costly sums that somebody asks for."""
    days: dict[date, list[DayRow]] = {}
    for row in await sql.days(tx, asked.store_id, asked.program_id, period):
        days.setdefault(row.day, []).append(row)
    kinds = [kind for kind in KINDS if kind in needs]
    people: dict[str, dict[date, Sketch]] = {kind: {} for kind in kinds}
    if kinds:
        for (day, kind), sketch in (await sql.people(tx, asked.store_id, period, kinds)).items():
            people[kind][day] = sketch
    histograms = {
        name: await sql.histogram(tx, name, asked.store_id, asked.program_id, period)
        for name in HISTOGRAMS
        if name in needs
    }
    return Figures(period, days, people, histograms)


async def channels(tx: Tx, asked: View, period: Period) -> list[Channel]:
    """The period by channel, best first. Orders in other currencies count, their money does not."""
    sums: dict[str, dict[str, int]] = {}
    for row in await sql.channels(tx, asked.store_id, asked.program_id, period):
        into = sums.setdefault(row.channel, {})
        for name, amount in row.sums.items():
            if row.currency in ("", asked.currency) or not name.endswith("_minor"):
                into[name] = into.get(name, 0) + amount
    found = [
        Channel(
            channel,
            s.get("clicks", 0),
            s.get("shares", 0),
            s.get("friends", 0),
            s.get("friends_bought", 0),
            s.get("orders", 0),
            s.get("orders_by_code", 0),
            s.get("customers", 0),
            s.get("gross_minor", 0) - s.get("refunds_minor", 0),
        )
        for channel, s in sums.items()
        if any(s.values())
    ]
    return sorted(found, key=lambda c: (-c.revenue_minor, -c.orders, -c.clicks, c.channel))


async def ambassadors(
    tx: Tx, asked: View, period: Period, *, sort: str = "revenue", limit: int | None = 10, offset: int = 0
) -> tuple[list[sql.Leader], int]:
    """The period's best ambassadors, all without a limit, with the codes that name them, and how many were active."""
    rows, total = await sql.leaders(
        tx, asked.store_id, asked.program_id, period, currency=asked.currency, sort=sort, limit=limit, offset=offset
    )
    codes = await slices.codes_of(tx, asked.store_id, (row.ambassador_id for row in rows)) if rows else {}
    return [replace(row, code=codes.get(row.ambassador_id)) for row in rows], total
