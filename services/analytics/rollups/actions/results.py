"""Notifies the job of standings which ambassadors' results changed."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from services.analytics.rollups import sql
from services.analytics.rollups.domain.measures import Deltas
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.revisions import Ref

STANDINGS: Final = "standings"
"""The due job that takes them over."""
AFTER: Final = timedelta(seconds=5)
"""So long changes are gathered: lists are ordered by indexes, and for those many clicks are one change."""


async def note_changed(tx: Tx, deltas: Deltas, ambassadors: Iterable[Ref] = ()) -> None:
    """Has the standings follow, soon: of those in the differences, and of these ambassadors."""
    keys = {(str(key[0]), str(key[1])) for key, _ in deltas.changed("results")} | set(ambassadors)
    await sql.add_changed(tx, keys)
    await schedule(tx, STANDINGS, dict.fromkeys(sorted({store_id for store_id, _ in keys}), tx.now + AFTER))
