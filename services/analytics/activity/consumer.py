"""Keeps the slice current."""

from collections.abc import Sequence

from contracts.events.audit import AuditNoted
from services.analytics.activity import sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def keep_actions(tx: Tx, events: Sequence[Event[AuditNoted]]) -> None:
    """Keeps what was done, by whom."""
    await sql.save(tx, [event.data for event in events])


HANDLERS = (Handler(events=(AuditNoted,), handle=keep_actions),)
