"""Who joined a program before the version that rewards it was known here: a sweep finds them, so that neither has to
come first.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.attribution.custom_events.actions.decide import assign
from services.attribution.custom_events.actions.joined import DECIDE, keep_joined
from services.attribution.custom_events.sql import sweeps
from services.attribution.slices import sql as slices_sql
from services.kernel import due, failpoints
from services.kernel.db import Tx

AT_ONCE: Final = 200
"""Ambassadors that one transaction looks at, of all its stores together."""


async def look_back(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Looks at the next ambassadors of a program of each store, and keeps of those whom it counts for that they joined;
    returns the stores that have more to do, at once.
    """
    await tx.lock_stores(stores)
    under_way = {store_id: (program_id, after) for store_id, program_id, after in await sweeps.under_way(tx, stores)}
    for store_id, (program_id, after) in under_way.items():
        count = max(1, AT_ONCE // len(under_way))
        saved = await slices_sql.ambassadors_behind(tx, store_id, after=after, count=count)
        await sweeps.move(tx, store_id, program_id, after=saved[-1].ambassador_id if saved else None)
        erased = {one.ambassador_id for one in saved if one.status == "erased"}
        mine = [one for one in saved if one.program_id == program_id and one.ambassador_id not in erased]
        await assign(tx, await keep_joined(tx, mine))
    await due.schedule(tx, DECIDE, dict.fromkeys(under_way, tx.now))
    failpoints.hit("look_back.before_commit")
    return {store_id: tx.now for store_id, _, _ in await sweeps.under_way(tx, stores)}
