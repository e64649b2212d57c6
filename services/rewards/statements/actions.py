"""Reading a statement: opening balance, lines, closing balance, all of one moment."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.rewards.balances.sql import holdings_at, last_before
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.sql import holdings_of
from services.rewards.slices import sql as slices
from services.rewards.statements import sql
from services.rewards.statements.domain import LONGEST, Line, Standing, bounds, running


@dataclass(frozen=True, slots=True)
class Statement:
    """An ambassador's statement in one unit, or a page of it: opening + all lines = closing."""

    unit: str
    units: list[str]
    """All units that they ever had anything in."""
    first: date
    last: date
    opening: Standing
    closing: Standing
    lines: list[Line]
    more: bool
    """Whether lines follow behind these."""


async def read(
    tx: Tx,
    store_id: str,
    ambassador_id: str,
    *,
    unit: str | None,
    first: date | None,
    last: date | None,
    after: int = 0,
    count: int,
) -> Statement:
    """A statement of whole days where the store is, by default of this month so far; the lines behind set `after`.

    Costs the ambassador's own entries up to the period's end, by index. Raises `Invalid` for a period that ends before
    it begins, or is longer than two years.
    """
    today = tx.now.astimezone(ZoneInfo((await slices.shop(tx, store_id)).timezone)).date()
    last = last or today
    first = first or min(last, today).replace(day=1)
    if first > last:
        raise Invalid.field("from", "The period ends before it begins: exchange the days.", code="exchanged")
    if last - first > LONGEST:
        raise Invalid.field("from", "A statement covers two years at most: ask for a shorter period.", code="too_long")
    zone = ZoneInfo((await slices.shop(tx, store_id)).timezone)
    begins, over = bounds(first, last, zone)
    units = sorted(await holdings_of(tx, store_id, owner=ambassador_id, side="ambassador"))
    unit = unit or (units[0] if units else "points")
    start, end = await last_before(tx, store_id, begins), await last_before(tx, store_id, over)

    async def standing(number: int) -> Standing:
        had = await holdings_at(tx, store_id, owner=ambassador_id, side="ambassador", number=number)
        return _standing(had.get(unit, Holding()))

    opening, closing = await standing(start), await standing(end)
    goes_on = max(start, after)
    found = await sql.moves(
        tx, store_id, owner=ambassador_id, side="ambassador", unit=unit, after=goes_on, last=end, count=count + 1
    )
    stood = opening if goes_on == start else await standing(goes_on)
    lines = list(running(stood, found[:count]))
    return Statement(unit, units, first, last, opening, closing, lines, more=len(found) > count)


def _standing(had: Holding) -> Standing:
    return Standing(had.pending, had.available, had.in_payout)
