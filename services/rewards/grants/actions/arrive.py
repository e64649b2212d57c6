"""Missing pieces that come: what waited for them is decided then."""

from collections.abc import Collection, Iterable, Sequence

from contracts.events.catalog import ProgramPublished
from services.kernel.db import Tx
from services.rewards.catalog import store as catalog
from services.rewards.grants.actions.regrant import regrant
from services.rewards.grants.store import conversions, limits
from services.rewards.rules.domain import Order


async def take_programs(tx: Tx, published: Sequence[ProgramPublished]) -> None:
    """Keeps versions of programs (a repeat does nothing) and decides the orders that waited for them."""
    await catalog.keep(tx, published)
    await limits.note_periods(tx, published)
    await _decide_waiting(tx, {(one.store_id, one.program_id) for one in published})


async def take_stores(tx: Tx, stores: Collection[str]) -> None:
    """Decides the orders that waited for their store's time zone."""
    await _decide_waiting(tx, {(store_id, None) for store_id in stores})


async def _decide_waiting(tx: Tx, arrived: Iterable[tuple[str, str | None]]) -> None:
    keys = list(arrived)
    await tx.lock_stores(store_id for store_id, _ in keys)
    states = await conversions.take_waiting(tx, keys)
    await regrant(tx, [Order.of(state) for state in states])
