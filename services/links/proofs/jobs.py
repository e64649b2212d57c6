"""What the clock does: proofs are forgotten a day after their time is over."""

from collections.abc import Sequence
from datetime import datetime

from services.kernel.db import Tx
from services.kernel.service import DueJob
from services.links.proofs import sql
from services.links.proofs.actions import FORGET_JOB


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Forgets them, and says when the next ones of each store may be."""
    return {store: at + tx.offset for store, at in (await sql.forget_over(tx, stores)).items()}


DUE_JOBS = (DueJob(name=FORGET_JOB, run=forget),)
