"""Keeps the slices of programs and codes current. Ambassadors count as people who joined: see rollups."""

from collections.abc import Sequence
from typing import Any

from contracts.events.catalog import CodeSaved, ProgramPublished
from services.analytics.slices import sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def keep_set_up(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Keeps versions of programs, and codes."""
    await sql.save_programs(tx, [e.data for e in events if isinstance(e.data, ProgramPublished)])
    await sql.save_codes(tx, [e.data for e in events if isinstance(e.data, CodeSaved)])


HANDLERS = (Handler(events=(ProgramPublished, CodeSaved), handle=keep_set_up),)
