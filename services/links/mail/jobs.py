"""What the clock does: mails are forgotten after a while, whoever they were to."""

from collections.abc import Sequence
from datetime import datetime

from services.kernel.db import Tx
from services.kernel.service import DueJob
from services.links.mail import sql
from services.links.mail.actions import FORGET_JOB, KEPT


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Forgets the old ones, and says when the next of each store is old."""
    return {store: at + KEPT for store, at in (await sql.forget_before(tx, stores, tx.now - KEPT)).items()}


DUE_JOBS = (DueJob(name=FORGET_JOB, run=forget),)
