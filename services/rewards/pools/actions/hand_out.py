"""Handing codes out: each once, in the order of their places, under the lock of the pool's row."""

from msgspec.structs import replace

from services.kernel.db import Tx
from services.kernel.errors import Conflict
from services.rewards.pools import sql
from services.rewards.pools.actions.fill import keep, locked
from services.rewards.pools.domain import HandOut


class PoolEmpty(Conflict):
    """It has no free code."""

    code = "pool_empty"

    def __init__(self, pool_id: str) -> None:
        super().__init__(f"Pool {pool_id} has no free code: have more made, or add some.")


async def hand_out(tx: Tx, store_id: str, pool_id: str, *, reference: str) -> HandOut:
    """A code of the pool that nobody was given before. The same reference gets the same code again.

    Raises `PoolNotFound`, `PoolEmpty`.
    """
    pool = await locked(tx, store_id, pool_id)
    before = await sql.handed(tx, store_id, pool_id, reference)
    if before is not None:
        return before
    found = await sql.next_code(tx, pool)
    if found is None:
        raise PoolEmpty(pool_id)
    place, code = found
    await sql.hand_out(tx, pool, reference=reference, place=place)
    await keep(tx, replace(pool, handed=pool.handed + 1, handed_place=place))
    return HandOut(code=code, reference=reference, at=tx.now)
