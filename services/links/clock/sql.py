"""The clock's one row."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.db import Tx

_MOVE = """
insert into clock (one, offset_seconds, revision) values (true, :seconds, 1)
on conflict (one) do update set offset_seconds = clock.offset_seconds + excluded.offset_seconds,
  revision = clock.revision + 1
returning offset_seconds, revision
"""
_READ = "select offset_seconds, revision from clock"


@dataclass(frozen=True, slots=True)
class Clock:
    """How far the product's time is from the database's, and how often it was moved."""

    offset_seconds: int
    revision: int
    now: datetime


async def move(tx: Tx, *, seconds: int) -> Clock:
    """Adds to the offset."""
    row = await tx.one(_MOVE, seconds=seconds)
    return _clock(tx, row.offset_seconds, row.revision)


async def read(tx: Tx) -> Clock:
    """The clock as it is."""
    row = await tx.one_or_none(_READ)
    return _clock(tx, row.offset_seconds, row.revision) if row else Clock(0, 0, tx.now)


def _clock(tx: Tx, offset_seconds: int, revision: int) -> Clock:
    return Clock(offset_seconds, revision, tx.now - tx.offset + timedelta(seconds=offset_seconds))
