"""Asks how far a store has come, until it has come all the way."""

from weakref import WeakKeyDictionary

from services.analytics.set_up import sql
from services.analytics.set_up.domain import Reached
from services.kernel.db import Database, Tx

_through: WeakKeyDictionary[Database, set[str]] = WeakKeyDictionary()
"""Stores that were seen to be through, by whom they were asked of. Nothing that was reached is ever unreached, but for
a reward that is taken back: that one was seen all the same.
"""
_MOST = 50_000


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
