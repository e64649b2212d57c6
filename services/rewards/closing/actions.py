"""Closing a month, and comparing what was kept with the books."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.rewards.balances.sql import last_before
from services.rewards.closing import domain, sql
from services.rewards.closing.domain import GRACE, carried, end_of, following, month_of
from services.rewards.closing.sql import MonthClose
from services.rewards.ledger import sql as ledger
from services.rewards.ledger.domain import GENESIS, Posted, totals
from services.rewards.slices import sql as slices

_AT_ONCE: Final = 2_000
"""Sets that lie together in a part of an export."""


@dataclass(frozen=True, slots=True)
class Next:
    """The month that is to be closed next, and the moment from which it can be; empty while the books are."""

    month: str
    from_: datetime | None


async def next_month(tx: Tx, store_id: str) -> Next:
    """Which month comes next: the one after the last that was closed, else that of the first set."""
    zone = ZoneInfo((await slices.shop(tx, store_id)).timezone)
    last = await sql.last_close(tx, store_id)
    if last is not None:
        month = following(last.month)
    else:
        began = await sql.first_moment(tx, store_id)
        if began is None:
            return Next("", None)
        month = month_of(began, zone)
    return Next(month, end_of(month, zone) + GRACE)


async def close(tx: Tx, store_id: str, month: str) -> MonthClose:
    """Closes a month: keeps its entries as a file that never changes, with its hash and that of the books up to there.

    Once, in order, and `GRACE` after its end at the earliest. From here on nothing is posted in it, and corrections
    fall into a later month: `ledger.actions.post` takes the end of the newest close as the earliest moment, and both
    hold the store's lock. Raises `Conflict` for a month that was closed and for empty books, `Invalid` for one that is
    not the next or not over.
    """
    await tx.lock_stores([store_id])
    if await sql.close_of(tx, store_id, month) is not None:
        raise Conflict(f"{month} is closed already, and stays as it was closed.", code="already_closed")
    due = await next_month(tx, store_id)
    if due.from_ is None:
        raise Conflict("Nothing was posted yet: there is no month to close.", code="nothing_posted")
    if month != due.month:
        raise Invalid.field("month", f"Months are closed in their order: {due.month} comes next.", code="not_next")
    if tx.now < due.from_:
        raise Invalid.field("month", f"{month} can be closed from {due.from_.isoformat()} on.", code="not_over")
    timezone = (await slices.shop(tx, store_id)).timezone
    ends_at = end_of(month, ZoneInfo(timezone))
    before = await sql.last_close(tx, store_id)
    after_number = before.last_number if before is not None else 0
    last_number = max(after_number, await last_before(tx, store_id, ends_at))
    made = Export(hash=before.last_hash if before is not None else GENESIS)
    number = 0
    async for number, sets in _slices(tx, store_id, after=after_number, last=last_number):
        await sql.keep_part(tx, store_id, month, number, made.take(sets, number))
    if number == 0:
        await sql.keep_part(tx, store_id, month, 1, made.take([], 1))
    kept = MonthClose(
        month=month,
        timezone=timezone,
        ends_at=ends_at,
        closed_at=tx.now,
        after_number=after_number,
        last_number=last_number,
        last_hash=made.hash,
        entries=made.entries,
        csv_bytes=made.size,
        csv_sha256=made.digest.digest(),
        totals=carried(before.totals if before is not None else [], made.moved),
    )
    await sql.keep(tx, store_id, kept)
    tx.note("month.closed", on=month, after={"count": kept.entries})
    return kept


@dataclass(slots=True)
class Export:
    """An export while it is made: its hash and size so far, and what moved."""

    hash: bytes
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    size: int = 0
    entries: int = 0
    moved: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def take(self, sets: list[Posted], number: int) -> bytes:
        """The next part, which is number `number`."""
        text = (domain.head() if number == 1 else b"") + domain.part(sets)
        self.digest.update(text)
        self.size += len(text)
        self.entries += sum(len(one.entries) for one in sets)
        self.hash = sets[-1].hash if sets else self.hash
        for (_, account, unit), (debits, credits) in totals((s.store_id, s.movement, s.entries) for s in sets).items():
            had = self.moved.get((account, unit), (0, 0))
            self.moved[str(account), unit] = (had[0] + debits, had[1] + credits)
        return text


async def _slices(tx: Tx, store_id: str, *, after: int, last: int) -> AsyncIterator[tuple[int, list[Posted]]]:
    """Sets behind a number up to another, in parts that are numbered from 1."""
    number = 0
    while after < last:
        number += 1
        sets = await ledger.sets_after(tx, store_id, after=after, count=min(_AT_ONCE, last - after))
        if not sets:
            return
        after = sets[-1].number
        yield number, [one for one in sets if one.number <= last]


async def get(tx: Tx, store_id: str, month: str) -> MonthClose:
    """A month's close. Raises `NotFound`."""
    found = await sql.close_of(tx, store_id, month)
    if found is None:
        raise NotFound(f"{month} is not closed.")
    return found


async def crooked(tx: Tx, store_id: str) -> AsyncIterator[tuple[str, str]]:
    """What is wrong with the closes of a store, as (month, in words). Reads all that they reach, slice by slice."""
    before: MonthClose | None = None
    for one in reversed(await sql.closes(tx, store_id)):
        if one.after_number != (before.last_number if before is not None else 0):
            yield one.month, f"begins behind set {one.after_number}, where the month before does not end"
        if (kept := await _kept(tx, store_id, one.month)) != (one.csv_bytes, one.csv_sha256):
            yield one.month, f"its file of {kept[0]} bytes is not the one that was kept"
        made = Export(hash=before.last_hash if before is not None else GENESIS)
        number = 0
        async for number, sets in _slices(tx, store_id, after=one.after_number, last=one.last_number):
            made.take(sets, number)
        if number == 0:
            made.take([], 1)
        if made.digest.digest() != one.csv_sha256 or made.hash != one.last_hash:
            yield one.month, "the books no longer say what was closed"
        if carried(before.totals if before is not None else [], made.moved) != one.totals:
            yield one.month, "its totals are not those of the books"
        if await last_before(tx, store_id, one.ends_at) > one.last_number:
            yield one.month, f"something was posted in it behind set {one.last_number}"
        before = one


async def _kept(tx: Tx, store_id: str, month: str) -> tuple[int, bytes]:
    digest, size, number = hashlib.sha256(), 0, 1
    while (text := await sql.part(tx, store_id, month, number)) is not None:
        digest.update(text)
        size, number = size + len(text), number + 1
    return size, digest.digest()
