"""What the clock does: codes are forgotten when they count against no limit any more, and old days with them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.kernel.db import Tx
from services.kernel.service import DueJob
from services.links.phone_codes import sql as codes
from services.links.sms.actions.phones import FORGET_JOB
from services.links.sms_gateways import sql as gateways

DAYS_KEPT: Final = timedelta(days=400)


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Forgets them, and says when the next ones of each store may be."""
    await gateways.forget_before(tx, stores, (tx.now - DAYS_KEPT).date())
    return {store: at + tx.offset for store, at in (await codes.forget_over(tx, stores)).items()}


DUE_JOBS = (DueJob(name=FORGET_JOB, run=forget),)
