"""Noting changes, and reading the late ones.

Read with an overlap instead of from the last moment seen: a transaction that began before another may commit after it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from services.kernel.db import Tx

_NOTE = """
insert into changes (kind, key) values (:kind, :key)
on conflict (kind, key) do update set changed_at = clock_timestamp()
"""
_RECENT = """
select kind, key, changed_at from changes where changed_at > clock_timestamp() - make_interval(secs => :seconds)
"""

Kind = Literal["store", "program", "ambassador", "link"]


async def note(tx: Tx, kind: Kind, key: str) -> None:
    """Tells every replica that what it remembers of this thing's links is old."""
    await tx.execute(_NOTE, kind=kind, key=key)


async def recent(tx: Tx, *, seconds: float) -> Sequence[tuple[str, str, datetime]]:
    """Kind, key and moment of what changed in the last seconds, by the database's own clock."""
    return [(row.kind, row.key, row.changed_at) for row in await tx.all(_RECENT, seconds=seconds)]
