"""Keeps the slices of programs, codes and links current. Ambassadors count as people who joined: see rollups."""

from collections.abc import Sequence
from typing import Any

from contracts.events.catalog import CodeSaved, LinkSaved, ProgramPublished
from services.analytics.slices import sql
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def keep_set_up(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Keeps versions of programs, codes, and where links lead."""
    await sql.save_programs(tx, [e.data for e in events if isinstance(e.data, ProgramPublished)])
    await sql.save_codes(tx, [e.data for e in events if isinstance(e.data, CodeSaved)])
    await sql.save_links(tx, [e.data for e in events if isinstance(e.data, LinkSaved)])


HANDLERS = (Handler(events=(ProgramPublished, CodeSaved, LinkSaved), handle=keep_set_up),)
