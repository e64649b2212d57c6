"""Keeps standings up to date, and reads them with the codes that name people."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.analytics.rollups import sql as rollups
from services.analytics.slices import sql as slices
from services.analytics.standings import sql
from services.analytics.standings.domain import Chosen, Standing
from services.kernel.db import Tx
from services.kernel.errors import NotFound

AT_ONCE = 500
"""Standings that one transaction takes over."""


async def follow(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Takes over what changed, some at a time; returns the stores of which more waits, at once."""
    changed = await rollups.take_changed(tx, stores, count=AT_ONCE)
    await sql.take_over(tx, sorted(changed))
    return dict.fromkeys(stores, tx.now) if len(changed) == AT_ONCE else {}


async def page(
    tx: Tx, store_id: str, chosen: Chosen, after: tuple[int | datetime, str] | None, *, count: int
) -> list[Standing]:
    """Some ambassadors behind a place, named by their codes: three statements, however many ambassadors there are."""
    return await _named(tx, store_id, await sql.page(tx, store_id, chosen, after, count=count))


async def one(tx: Tx, store_id: str, ambassador_id: str) -> Standing:
    """One ambassador. Raises `NotFound`."""
    found = (await sql.some(tx, store_id, [ambassador_id])).get(ambassador_id)
    if found is None:
        raise NotFound("There is no such ambassador here yet: whoever joined a moment ago is counted in some seconds.")
    return (await _named(tx, store_id, [found]))[0]


async def _named(tx: Tx, store_id: str, found: Sequence[Standing]) -> list[Standing]:
    codes = await slices.codes_of(tx, store_id, (one.ambassador_id for one in found)) if found else {}
    return [replace(one, code=codes.get(one.ambassador_id)) for one in found]
