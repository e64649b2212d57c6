"""Forgets the ids of browser reports that can no longer come twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.analytics.facts import sql
from services.analytics.settings import REPORTS_KEPT
from services.kernel.db import Tx
from services.kernel.service import DueJob

FORGET = "forget-reports"
AGAIN_AFTER = timedelta(days=1)
AT_ONCE = 5_000
"""Ids that one transaction drops."""


async def forget_reports(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Drops old ids, some at a time. Raises nothing of its own; runs once a day for each store."""
    gone = await sql.forget_reports(tx, stores, before=tx.now - REPORTS_KEPT, count=AT_ONCE)
    return dict.fromkeys(stores, tx.now if gone == AT_ONCE else tx.now + AGAIN_AFTER)


DUE_JOBS = (DueJob(name=FORGET, run=forget_reports),)
