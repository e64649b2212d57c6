"""Reads what is to be moved, notes what was, and drops it in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.kernel.db import Tx

FORGET: Final = "attribution.forget-moved"
FORMER: Final = "attribution.forget-deliveries"
"""The timer that the former version set with each delivery."""

_STORES = """
select distinct store_id from (
  select store_id from due where job = any(array[:forget, :former])
  union all select store_id from directory where kind = 'hook'
) found order by 1
"""
# A hook that the former version ended after it was moved is moved again, so that it ends there too.
_HOOKS = """
select hook_id, platform, secret, created_at, deleted_at from hooks
where store_id = :store and (moved_at is null or moved_at < deleted_at) order by hook_id
"""
_DELIVERIES = """
select delivery_id, hook_id, topic, received_at, outcome, reason, order_id, body from deliveries
where store_id = :store and moved_at is null and delivery_id > :after order by delivery_id limit :count
"""
_ANSWERS = """
select caller, route, key, body_hash, status, answer from answers
where store_id = :store and route like '% /v1/hooks%' and status is not null and answer is not null
"""
_HOOKS_MOVED = "update hooks set moved_at = :now where store_id = :store and hook_id = any(cast(:ids as text[]))"
_DELIVERIES_MOVED = """
update deliveries set moved_at = :now where store_id = :store and delivery_id = any(cast(:ids as text[]))
"""
_LEFT = """
select (select count(*) from hooks where store_id = :store
          and (moved_at < deleted_at or (moved_at is null and deleted_at is null))) as hooks,
       (select count(*) from deliveries where store_id = :store and moved_at is null) as deliveries
"""
_FORGET_DELIVERIES = """
delete from deliveries where ctid = any(array(
    select ctid from deliveries where store_id = any(:stores) and (received_at <= :too_old or moved_at <= :moved)
    limit :count))
"""
_FORGET_HOOKS = """
with gone as (
  delete from hooks where store_id = any(:stores)
    and coalesce(moved_at, deleted_at) <= :moved and (moved_at < deleted_at) is not true
  returning store_id, hook_id
)
delete from directory d using gone where d.kind = 'hook' and d.key = gone.hook_id and d.store_id = gone.store_id
"""
_HOLDING = """
select store_id from hooks where store_id = any(:stores)
union select store_id from deliveries where store_id = any(:stores)
"""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that is to be moved."""

    hook_id: str
    platform: str
    secret: bytes
    created_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that is to be moved."""

    delivery_id: str
    hook_id: str
    topic: str
    received_at: datetime
    outcome: str
    reason: str | None
    order_id: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of the addresses' API was answered, kept for its repetition."""

    caller: str
    route: str
    key: str
    body_hash: bytes
    status: int
    answer: bytes


async def stores(tx: Tx) -> list[str]:
    """The stores that may have something here."""
    return [row.store_id for row in await tx.all(_STORES, forget=FORGET, former=FORMER)]


async def hooks(tx: Tx, store_id: str) -> list[Hook]:
    """A store's addresses that are not moved."""
    return [Hook(*tuple(row)) for row in await tx.all(_HOOKS, store=store_id)]


async def deliveries(tx: Tx, store_id: str, *, after: str, count: int) -> list[Delivery]:
    """A store's next deliveries that are not moved, in the order of their names."""
    rows = await tx.all(_DELIVERIES, store=store_id, after=after, count=count)
    return [Delivery(*tuple(row)) for row in rows]


async def answers(tx: Tx, store_id: str) -> list[Answer]:
    """What repetitions of the addresses' calls are answered."""
    return [Answer(*tuple(row)) for row in await tx.all(_ANSWERS, store=store_id)]


async def note_moved(tx: Tx, store_id: str, *, hooks: Sequence[str] = (), deliveries: Sequence[str] = ()) -> None:
    """Notes what connectors has, durably."""
    if hooks:
        await tx.execute(_HOOKS_MOVED, now=tx.now, store=store_id, ids=list(hooks))
    if deliveries:
        await tx.execute(_DELIVERIES_MOVED, now=tx.now, store=store_id, ids=list(deliveries))


async def left(tx: Tx, store_id: str) -> tuple[int, int]:
    """How many addresses and deliveries of a store are not moved, addresses that ended after they were among them."""
    row = await tx.one(_LEFT, store=store_id)
    return row.hooks, row.deliveries


async def forget(tx: Tx, stores: Sequence[str], *, moved: datetime, too_old: datetime, count: int) -> bool:
    """Drops what was moved before a moment, and deliveries that are too old; False if there may be more."""
    dropped = await tx.execute(_FORGET_DELIVERIES, stores=list(stores), moved=moved, too_old=too_old, count=count)
    await tx.execute(_FORGET_HOOKS, stores=list(stores), moved=moved)
    return dropped < count


async def holding(tx: Tx, stores: Sequence[str]) -> list[str]:
    """Those of the stores that have something here still."""
    return [row.store_id for row in await tx.all(_HOLDING, stores=list(stores))]
