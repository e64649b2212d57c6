"""Keeps the slice current."""

from collections.abc import Sequence

from contracts.events.audit import AuditNoted
from services.analytics.activity import sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def _keep(tx: Tx, events: Sequence[Event[AuditNoted]]) -> None:
    await sql.save(tx, [event.data for event in events])


KEEP_ACTIVITY = Handler(events=(AuditNoted,), handle=_keep)
