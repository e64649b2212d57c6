"""What the clock does: it publishes once more ambassadors whom others know in part."""

from collections.abc import Sequence
from datetime import datetime

from services.kernel.db import Tx
from services.kernel.service import DueJob
from services.links.ambassadors.actions import ANNOUNCE_JOB, AT_ONCE, announce_again


async def announce(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Some at a time; of stores where more may wait, at once again."""
    return {store_id: tx.now for store_id in stores if await announce_again(tx, store_id) == AT_ONCE}


DUE_JOBS = (DueJob(name=ANNOUNCE_JOB, run=announce, stores=5),)
