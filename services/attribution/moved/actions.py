"""Lets go of what connectors has taken over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.attribution.moved import sql
from services.kernel.db import Tx

STAYS: Final = timedelta(days=1)
"""So long what was moved stays: processes of the former version may run beside, and take deliveries by it."""
DELIVERIES_KEPT: Final = timedelta(days=14)
"""As long as raw deliveries are kept anywhere; also those that could not be moved."""
AT_ONCE: Final = 1_000
"""Deliveries that one transaction drops."""


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Drops what was moved a day ago, and what is too old; returns when to look again, until nothing is left."""
    moved, too_old = tx.now - STAYS, tx.now - DELIVERIES_KEPT
    if not await sql.forget(tx, stores, moved=moved, too_old=too_old, count=AT_ONCE):
        return dict.fromkeys(stores, tx.now)
    return dict.fromkeys(await sql.holding(tx, stores), tx.now + timedelta(hours=1))
