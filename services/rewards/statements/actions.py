"""Reading a statement: opening balance, lines, closing balance, all of one moment."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.rewards.balances.sql import last_before
from services.rewards.ledger.domain import Holding
from services.rewards.ledger.sql import holdings_of, last_number_given
from services.rewards.slices import sql as slices
from services.rewards.statements import sql
from services.rewards.statements.domain import EARLIEST, LATEST, LONGEST, Line, Standing, bounds, running


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

    Costs the ambassador's own entries in the period and on its nearer side, by index: what they have now is kept, so
    that this month costs this month, however long they have been there. Needs a snapshot. Raises `Invalid` for a period
    that ends before it begins, is longer than two years, or of no day that a zone knows.
    """
    for name, day in (("from", first), ("to", last)):
        if day is not None and not EARLIEST <= day <= LATEST:
            raise Invalid.field(
                name,
                Translatable(_("Give a day from %(first)s to %(last)s."), first=EARLIEST, last=LATEST),
                code="out_of_range",
            )
    today = tx.now.astimezone(ZoneInfo((await slices.shop(tx, store_id)).timezone)).date()
    last = last or today
    first = first or min(last, today).replace(day=1)
    if first > last:
        raise Invalid.field(
            "from", Translatable(_("The period ends before it begins: exchange the days.")), code="exchanged"
        )
    if last - first > LONGEST:
        raise Invalid.field(
            "from", Translatable(_("A statement covers two years at most: ask for a shorter period.")), code="too_long"
        )
    zone = ZoneInfo((await slices.shop(tx, store_id)).timezone)
    begins, over = bounds(first, last, zone)
    held = await holdings_of(tx, store_id, owner=ambassador_id, side="ambassador")
    units = sorted(held)
    unit = unit or (units[0] if units else "points")
    start, end = await last_before(tx, store_id, begins), await last_before(tx, store_id, over)

    async def moved(behind: int, up_to: int | None) -> Standing:
        return await sql.change(
            tx, store_id, owner=ambassador_id, side="ambassador", unit=unit, after=behind, last=up_to
        )

    within = await moved(start, end)
    if 2 * end < await last_number_given(tx, store_id):
        opening = await moved(0, start)
        closing = opening + within
    else:
        closing = _standing(held.get(unit, Holding())) - await moved(end, None)
        opening = closing - within
    goes_on = max(start, after)
    found = await sql.moves(
        tx, store_id, owner=ambassador_id, side="ambassador", unit=unit, after=goes_on, last=end, count=count + 1
    )
    stood = opening if goes_on == start else opening + await moved(start, goes_on)
    lines = list(running(stood, found[:count]))
    return Statement(unit, units, first, last, opening, closing, lines, more=len(found) > count)


def _standing(had: Holding) -> Standing:
    return Standing(had.pending, had.available, had.in_payout, had.reserved)
