"""SQL of closed months: keeping one with its export, and reading them back."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.kernel.db import Row, Tx
from services.rewards.closing.domain import Total

_ALL = "select * from month_closes where store_id = :store order by month desc"
_ONE = "select * from month_closes where store_id = :store and month = :month"
_LAST = "select * from month_closes where store_id = :store order by month desc limit 1"

_KEEP = """
insert into month_closes (store_id, month, timezone, ends_at, closed_at, after_number, last_number, last_hash, entries,
  csv_bytes, csv_sha256, totals)
values (:store, :month, :timezone, :ends_at, :closed_at, :after_number, :last_number, :last_hash, :entries,
  :csv_bytes, :csv_sha256, :totals)
"""
_KEEP_PART = "insert into month_close_parts (store_id, month, part, csv) values (:store, :month, :part, :csv)"
_PART = "select csv from month_close_parts where store_id = :store and month = :month and part = :part"

_FIRST_MOMENT = "select at from posting_sets where store_id = :store order by number limit 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClose:
    """A month that was closed."""

    month: str
    timezone: str
    ends_at: datetime
    closed_at: datetime
    after_number: int
    """Its sets are those behind this number."""
    last_number: int
    last_hash: bytes
    """Of the last set: it vouches for everything up to there."""
    entries: int
    csv_bytes: int
    csv_sha256: bytes
    totals: list[Total]


async def closes(tx: Tx, store_id: str) -> list[MonthClose]:
    """All closed months of a store, the newest first: twelve a year."""
    return [_close(row) for row in await tx.all(_ALL, store=store_id)]


async def close_of(tx: Tx, store_id: str, month: str) -> MonthClose | None:
    """One month's close."""
    row = await tx.one_or_none(_ONE, store=store_id, month=month)
    return _close(row) if row is not None else None


async def last_close(tx: Tx, store_id: str) -> MonthClose | None:
    """The newest."""
    row = await tx.one_or_none(_LAST, store=store_id)
    return _close(row) if row is not None else None


def _close(row: Row) -> MonthClose:
    return MonthClose(
        month=row.month,
        timezone=row.timezone,
        ends_at=row.ends_at,
        closed_at=row.closed_at,
        after_number=row.after_number,
        last_number=row.last_number,
        last_hash=bytes(row.last_hash),
        entries=row.entries,
        csv_bytes=row.csv_bytes,
        csv_sha256=bytes(row.csv_sha256),
        totals=msgspec.json.decode(row.totals, type=list[Total]),
    )


async def keep(tx: Tx, store_id: str, close: MonthClose) -> None:
    """Writes a close. It can be written once."""
    await tx.execute(
        _KEEP,
        store=store_id,
        month=close.month,
        timezone=close.timezone,
        ends_at=close.ends_at,
        closed_at=close.closed_at,
        after_number=close.after_number,
        last_number=close.last_number,
        last_hash=close.last_hash,
        entries=close.entries,
        csv_bytes=close.csv_bytes,
        csv_sha256=close.csv_sha256,
        totals=msgspec.json.encode(close.totals).decode(),
    )


async def keep_part(tx: Tx, store_id: str, month: str, number: int, csv: bytes) -> None:
    """Writes a part of a month's export; parts are numbered from 1."""
    await tx.execute(_KEEP_PART, store=store_id, month=month, part=number, csv=csv)


async def part(tx: Tx, store_id: str, month: str, number: int) -> bytes | None:
    """A part of a month's export; None behind the last."""
    found = await tx.scalar(_PART, store=store_id, month=month, part=number)
    return bytes(found) if found is not None else None


async def first_moment(tx: Tx, store_id: str) -> datetime | None:
    """When a store's first set was posted."""
    found: datetime | None = await tx.scalar(_FIRST_MOMENT, store=store_id)
    return found
