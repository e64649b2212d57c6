"""Setting pools up, and making their codes: in the background, slice after slice, exactly as many as were asked for."""

from typing import Final, TypeGuard

from msgspec.structs import replace

from contracts.events.pools import PoolNearlyEmptied
from services.common.words import Translatable, _
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id, short_codes
from services.kernel.work import NewTask, add_tasks
from services.rewards.pools import sql
from services.rewards.pools.domain import LEAST_SIGNS, MOST_CODES, MOST_SIGNS, USUAL_SIGNS, Pool, checked_prefix

TASK: Final = "pool"
SLICE: Final = 50_000
"""Codes that one transaction makes. Whoever wants a code of the pool waits only while these are given places."""


class PoolNotFound(NotFound):
    """The store has no such pool."""

    code = "pool_not_found"

    def __init__(self, pool_id: str) -> None:
        super().__init__(f"There is no pool {pool_id}.")


class PoolState(Conflict):
    """Nothing is being made that could be stopped, or was stopped that could go on."""

    code = "pool_state"


async def open_pool(
    tx: Tx,
    store_id: str,
    *,
    name: str,
    count: int = 0,
    prefix: str = "",
    signs: int = USUAL_SIGNS,
    low_below: int = 0,
) -> Pool:
    """Sets a pool up, and begins to make `count` codes: `prefix` and so many chance signs behind it.

    Raises `Invalid` for codes that not every shop would take.
    """
    kept = checked_prefix(prefix, signs)
    if kept is None:
        mend = _(
            "A code has %(most)s signs at most, %(least)s of them by chance; a prefix has letters A to Z and digits."
        )
        raise Invalid.field("prefix", Translatable(mend, most=MOST_SIGNS, least=LEAST_SIGNS))
    pool = Pool(
        store_id=store_id,
        pool_id=new_id("pol", at=tx.now),
        name=name,
        prefix=kept,
        signs=signs,
        low_below=low_below,
        state="ready",
        wanted=0,
        made=0,
        added=0,
        handed=0,
        last_place=0,
        handed_place=0,
        start=0,
        made_at=tx.now,
    )
    await sql.add(tx, pool)
    tx.note("pool.made", on=pool.pool_id, after={"count": count})
    return await _begin(tx, pool, wanted=count) if count else pool


async def change(tx: Tx, store_id: str, pool_id: str, *, name: str | None, low_below: int | None) -> Pool:
    """Changes its name, or from where on it runs low. Raises `PoolNotFound`."""
    before = await locked(tx, store_id, pool_id)
    after = replace(
        before,
        name=before.name if name is None else name,
        low_below=before.low_below if low_below is None else low_below,
    )
    if changed := [one for one in ("name", "low_below") if getattr(after, one) != getattr(before, one)]:
        tx.note("pool.changed", on=pool_id, after={"changed": ",".join(changed)})
    return await keep(tx, after)


async def make(tx: Tx, store_id: str, pool_id: str, *, count: int) -> Pool:
    """Has so many more codes made. What was stopped before counts no longer. Raises `PoolNotFound`, `Invalid` for more
    than a pool holds.
    """
    pool = await locked(tx, store_id, pool_id)
    tx.note("pool.filled", on=pool_id, after={"count": count})
    if pool.state == "making":
        return await _begin(tx, pool, wanted=pool.wanted + count)
    return await _begin(tx, pool, wanted=pool.made + count)


async def cancel(tx: Tx, store_id: str, pool_id: str) -> Pool:
    """Stops making where it is; what is made stays. A repeat changes nothing. Raises `PoolNotFound`, `PoolState`."""
    pool = await locked(tx, store_id, pool_id)
    if pool.state == "cancelled":
        return pool
    if pool.state != "making":
        raise PoolState("No codes are being made.")
    tx.note("pool.cancelled", on=pool_id, after={"count": pool.made})
    return await keep(tx, replace(pool, state="cancelled"))


async def resume(tx: Tx, store_id: str, pool_id: str) -> Pool:
    """Goes on with what was stopped, or failed. A repeat changes nothing. Raises `PoolNotFound`, `PoolState`."""
    pool = await locked(tx, store_id, pool_id)
    if pool.state == "making":
        return pool
    if pool.state == "ready":
        raise PoolState("All codes are made.")
    tx.note("pool.resumed", on=pool_id, after={"count": pool.wanted - pool.made})
    return await _begin(tx, pool, wanted=pool.wanted)


async def make_slice(tx: Tx, store_id: str, pool_id: str, *, start: int, most: int = SLICE) -> bool:
    """Makes some codes. Returns whether more are to be made, by who began at `start`.

    A code that the store had already is left out, and another one is made in a later slice: the count is exact. What
    is drawn while somebody else makes the rest, or stops it, is undone.
    """
    before = await sql.one(tx, store_id, pool_id)
    if not _makes(before, start):
        return False
    drawn = short_codes(min(most, before.wanted - before.made), before.signs)
    await tx.execute("savepoint drawn")
    codes = await sql.claim_codes(tx, store_id, pool_id, [before.prefix + sign.upper() for sign in drawn])
    pool = await sql.locked(tx, store_id, pool_id)
    if not _makes(pool, start) or pool.made + len(codes) > pool.wanted:
        await tx.execute("rollback to savepoint drawn")
        return _makes(pool, start)
    made = pool.made + len(codes)
    done = made == pool.wanted
    last_place = await sql.place_codes(tx, pool, codes)
    await keep(tx, replace(pool, made=made, last_place=last_place, state="ready" if done else "making"))
    return not done


async def given_up(tx: Tx, store_id: str, pool_id: str, *, start: int, reason: str) -> None:
    """Notes that making failed; it can go on from where it is."""
    pool = await sql.locked(tx, store_id, pool_id)
    if _makes(pool, start):
        await keep(tx, replace(pool, state="failed", reason=reason))


def task_of(pool: Pool, sitting: int) -> NewTask:
    """What makes codes from where the pool is: a sitting of those since it was started or resumed."""
    return NewTask(
        kind=TASK,
        store_id=pool.store_id,
        lane=pool.store_id,
        key=f"{pool.pool_id}:{pool.start}:{sitting}",
        payload={"pool_id": pool.pool_id, "start": pool.start, "sitting": sitting},
    )


async def get(tx: Tx, store_id: str, pool_id: str) -> Pool:
    """A pool. Raises `PoolNotFound`."""
    pool = await sql.one(tx, store_id, pool_id)
    if pool is None:
        raise PoolNotFound(pool_id)
    return pool


async def locked(tx: Tx, store_id: str, pool_id: str) -> Pool:
    """A pool that nobody else changes meanwhile. Raises `PoolNotFound`."""
    pool = await sql.locked(tx, store_id, pool_id)
    if pool is None:
        raise PoolNotFound(pool_id)
    return pool


async def keep(tx: Tx, pool: Pool) -> Pool:
    """Keeps how a locked pool stands now, and says so where it has begun to run low."""
    after = pool.watched(tx.now)
    await sql.keep(tx, after)
    if after.low_since is not None and pool.low_since is None:
        tx.emit(
            PoolNearlyEmptied(
                store_id=after.store_id,
                pool_id=after.pool_id,
                name=after.name,
                free=after.free,
                low_below=after.low_below,
                low_since=after.low_since,
            )
        )
    return after


def _makes(pool: Pool | None, start: int) -> TypeGuard[Pool]:
    return pool is not None and pool.state == "making" and pool.start == start


async def _begin(tx: Tx, pool: Pool, *, wanted: int) -> Pool:
    if wanted + pool.added > MOST_CODES:
        mend = _("A pool holds %(most)s codes at most.")
        raise Invalid.field("count", Translatable(mend, most=MOST_CODES), code="too_many")
    if pool.state == "making":
        return await keep(tx, replace(pool, wanted=wanted))
    after = replace(pool, wanted=wanted, state="making", reason=None, start=pool.start + 1)
    await add_tasks(tx, [task_of(after, 0)])
    return await keep(tx, after)
