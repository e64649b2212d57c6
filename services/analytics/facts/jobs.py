"""Forgets the ids of browser reports that can no longer come twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.analytics.facts import store
from services.analytics.settings import REPORTS_KEPT
from services.kernel.db import Tx
from services.kernel.service import DueJob

AGAIN_AFTER = timedelta(days=1)


async def _forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Drops old ids. Raises nothing of its own; runs once a day for each store."""
    await store.forget_reports(tx, stores, before=tx.now - REPORTS_KEPT)
    return dict.fromkeys(stores, tx.now + AGAIN_AFTER)


FORGET_REPORTS = DueJob(name="forget-reports", run=_forget)
