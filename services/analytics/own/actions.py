"""Gathers what the portal's page of results shows."""

from dataclasses import dataclass
from datetime import date

from services.analytics.own import sql
from services.analytics.own.domain import OTHERS, PAGES_SHOWN, PEERS, Estimate, Middle, Sums, estimate_of, middle_of
from services.analytics.slices import sql as slices
from services.analytics.slices.domain import Ambassador, Calendar
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.threads import in_thread

MONTHS = 3
"""The running one and those before."""


@dataclass(frozen=True, slots=True)
class Results:
    """An ambassador's figures since the first day of a month."""

    ambassador: Ambassador
    since: date
    currency: str
    channels: dict[str, Sums]
    middles: dict[str, Sums]
    """By channel the medians of who is active in it, where they are enough to stay unknown."""
    total: Sums
    middle: Middle | None
    estimate: Estimate | None


async def results(tx: Tx, calendar: Calendar, ambassador_id: str) -> Results:
    """What the ambassador brought lately, beside the program. Raises `NotFound` for somebody unknown here or erased."""
    ambassador, months, mine, total = await _own(tx, calendar, ambassador_id)
    versions = [one for one in await slices.versions(tx, calendar.store_id) if one.program_id == ambassador.program_id]
    currency = versions[-1].currency if versions else calendar.currency
    peers = await sql.everybody(tx, calendar.store_id, ambassador.program_id, months, currency=currency)
    used = {name: one for name, one in mine.items() if one.clicks or one.friends or one.orders}
    return Results(
        ambassador=ambassador,
        since=months[0],
        currency=currency,
        channels=used,
        middles=await sql.middles(tx, calendar.store_id, ambassador.program_id, months, list(used), peers=PEERS),
        total=total,
        middle=await in_thread(len(peers), middle_of, peers, currency),
        estimate=await in_thread(len(peers), estimate_of, total, peers, currency),
    )


async def total_of(tx: Tx, calendar: Calendar, ambassador_id: str) -> Sums:
    """What the ambassador brought lately, in all; nothing yet where who has just joined is not known here. Raises
    `NotFound` for somebody erased.
    """
    if await _unknown(tx, calendar.store_id, ambassador_id):
        return Sums()
    return (await _own(tx, calendar, ambassador_id))[3]


async def pages_to_share(tx: Tx, calendar: Calendar, ambassador_id: str) -> list[str]:
    """Pages of the store from which friends of several other ambassadors bought lately. Raises `NotFound` likewise."""
    ambassador = await present(tx, calendar.store_id, ambassador_id)
    return await sql.pages_that_sell(
        tx,
        calendar.store_id,
        ambassador.program_id,
        months_until(tx.now.astimezone(calendar.zone).date()),
        reader=ambassador_id,
        others=OTHERS,
        most=PAGES_SHOWN,
    )


async def _own(tx: Tx, calendar: Calendar, ambassador_id: str) -> tuple[Ambassador, list[date], dict[str, Sums], Sums]:
    ambassador = await present(tx, calendar.store_id, ambassador_id)
    months = months_until(tx.now.astimezone(calendar.zone).date())
    mine = await sql.by_channel(tx, calendar.store_id, ambassador_id, ambassador.program_id, months)
    total = Sums()
    for one in mine.values():
        total = total.plus(one)
    return ambassador, months, mine, total


async def _unknown(tx: Tx, store_id: str, ambassador_id: str) -> bool:
    """Whether the event by which they joined is still on its way."""
    return not await slices.ambassadors(tx, [(store_id, ambassador_id)])


async def present(tx: Tx, store_id: str, ambassador_id: str) -> Ambassador:
    """The ambassador as known here. Raises `NotFound`."""
    found = (await slices.ambassadors(tx, [(store_id, ambassador_id)])).get((store_id, ambassador_id))
    if found is None or found.status == "erased":
        raise NotFound("There is no such ambassador.")
    return found


def months_until(day: date) -> list[date]:
    """The first days of the running month and of those before, the earliest first."""
    first = day.replace(day=1)
    found = [first]
    while len(found) < MONTHS:
        first = (
            first.replace(year=first.year - 1, month=12) if first.month == 1 else first.replace(month=first.month - 1)
        )
        found.append(first)
    return found[::-1]
