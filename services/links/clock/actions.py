"""Moving the demo clock. The offset travels as an absolute figure, so that a lost or repeated event does no harm."""

from contracts.events.catalog import ClockMoved
from services.kernel.db import ALL_STORES, Tx
from services.kernel.errors import Invalid
from services.links.clock import sql
from services.links.clock.sql import Clock

MAX_OFFSET_S = 10 * 366 * 86_400
"""Ten years either way: further on, dates of programs and tokens stop making sense."""


async def advance(tx: Tx, *, seconds: int) -> Clock:
    """Moves the whole product's time by so many seconds, back if negative."""
    clock = await sql.move(tx, seconds=seconds)
    if abs(clock.offset_seconds) > MAX_OFFSET_S:
        raise Invalid.field("advance_seconds", "The clock can be at most ten years away from the present.")
    tx.note(
        "clock.moved",
        on="clock",
        store_id=ALL_STORES,
        before={"offset_seconds": clock.offset_seconds - seconds},
        after={"offset_seconds": clock.offset_seconds},
    )
    tx.emit(ClockMoved(store_id=ALL_STORES, offset_seconds=clock.offset_seconds, revision=clock.revision))
    return clock
