"""What the clock does: applicants are forgotten when their time is over."""

from collections.abc import Sequence
from typing import Any

from services.kernel.db import Tx
from services.kernel.service import DueJob
from services.links.applicants import sql
from services.links.join.actions import FORGET_JOB


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, Any]:
    """Forgets them, and says when the next ones of each store are over."""
    return {store: at + tx.offset for store, at in (await sql.forget_over(tx, stores)).items()}


DUE_JOBS = (DueJob(name=FORGET_JOB, run=forget),)
