"""How far a store has come, until it has come all the way; and checks of how it is connected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from weakref import WeakKeyDictionary

from services.analytics.set_up import sql
from services.analytics.set_up.domain.steps import Reached, Step, checked_steps
from services.analytics.set_up.sql import Check
from services.kernel.db import Database, Tx
from services.kernel.errors import NotFound
from services.kernel.ids import new_id

LASTS: Final = timedelta(hours=2)
"""So long a check sees what happens."""
MOST_OPEN: Final = 5
"""Checks of a store that go on at once; a further one ends the oldest."""
MOST: Final = 20
"""Checks of a store that are kept."""
_through: WeakKeyDictionary[Database, set[str]] = WeakKeyDictionary()
"""Stores that were seen to be through, by whom they were asked of. Nothing that was reached is ever unreached, but for
a reward that is taken back: that one was seen all the same.
"""
_MOST = 50_000


@dataclass(frozen=True, slots=True)
class Found:
    """A check and how far it has come."""

    check: Check
    steps: Sequence[Step]
    goes_on: bool


async def still_to_do(db: Database, tx: Tx, store_id: str) -> Reached | None:
    """How far the store has come; None when it is through, which this process asks no second time."""
    known = _through.setdefault(db, set())
    if store_id in known:
        return None
    found = await sql.reached(tx, store_id)
    if found.next is not None:
        return found
    if len(known) >= _MOST:
        known.clear()
    known.add(store_id)
    return None


async def begin(tx: Tx, store_id: str, without: Sequence[str] = ()) -> Check:
    """Begins a check: what happens at the store from now on is seen."""
    check = Check(store_id, new_id("chk", at=tx.now), tx.now, tx.now + LASTS, tuple(dict.fromkeys(without)))
    await sql.add(tx, check, most=MOST, most_open=MOST_OPEN)
    tx.note("check.began", on=check.check_id)
    return check


async def get(tx: Tx, store_id: str, check_id: str) -> Found:
    """A check of the store, as it stands. Raises `NotFound`."""
    check = await sql.one(tx, store_id, check_id)
    if check is None:
        raise NotFound("There is no such check; the newest 20 of a store are kept.")
    return await look(tx, check)


async def newest(tx: Tx, store_id: str) -> Found | None:
    """The store's newest check, as it stands; None if there was none."""
    check = await sql.newest(tx, store_id)
    return await look(tx, check) if check is not None else None


async def look(tx: Tx, check: Check) -> Found:
    """How far a check has come."""
    steps = checked_steps(
        await sql.reached(tx, check.store_id),
        await sql.connections(tx, check.store_id),
        await sql.sights(tx, check),
        check.without,
    )
    return Found(check, steps, check.ends_at > tx.now)
