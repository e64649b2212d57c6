"""Reads and writes hooks and deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Tx

KIND = "hook"

_ADD = """
insert into hooks (store_id, hook_id, platform, secret, created_at) values (:store, :hook, :platform, :secret, :now)
"""
_LISTED = "insert into directory (kind, key, store_id, id) values (:kind, :hook, :store, :hook)"
_UNLISTED = "delete from directory where kind = :kind and key = :hook and store_id = :store"
_ALL = """
select store_id, hook_id, platform, secret, created_at from hooks
where store_id = :store and deleted_at is null order by created_at, hook_id
"""
_ONE = """
select store_id, hook_id, platform, secret, created_at from hooks
where store_id = :store and hook_id = :hook and deleted_at is null
"""
_END = "update hooks set deleted_at = :now where store_id = :store and hook_id = :hook and deleted_at is null"
_OWNER = "select store_id from directory where kind = :kind and key = :hook"
_KEEP = """
insert into deliveries (store_id, delivery_id, hook_id, topic, received_at, outcome, reason, order_id, body)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:hooks as text[]), cast(:topics as text[]),
                     cast(:received as timestamptz[]), cast(:outcomes as text[]), cast(:reasons as text[]),
                     cast(:orders as text[]), cast(:bodies as bytea[]))
order by 1, 2 on conflict do nothing returning store_id, delivery_id
"""
_FIELDS = "store_id, delivery_id, hook_id, topic, received_at, outcome, reason, order_id, body"
_SOME = f"""
select {_FIELDS} from deliveries where store_id = :store and outcome = any(cast(:outcomes as text[]))
  and (cast(:after_at as timestamptz) is null
       or (received_at, delivery_id) > (cast(:after_at as timestamptz), cast(:after_id as text)))
order by received_at, delivery_id limit :most
"""  # noqa: S608  # names of columns
_GET = f"select {_FIELDS} from deliveries where store_id = :store and delivery_id = :delivery"  # noqa: S608
_NOTE_OUTCOME = """
update deliveries set outcome = :outcome, reason = :reason, order_id = :order
where store_id = :store and delivery_id = :delivery
"""
_FORGET = """
delete from deliveries where ctid = any(array(
    select ctid from deliveries where store_id = any(:stores) and received_at <= :before limit :count))
"""
_OLDEST = """
select store_id, min(received_at) as at from deliveries where store_id = any(:stores) group by store_id
"""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that a platform delivers to; `secret` is encrypted (see hooks.domain)."""

    store_id: str
    hook_id: str
    platform: str
    secret: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery, and what was made of it: `taken`, `ignored` or `failed`. `body` is as it came, encrypted."""

    store_id: str
    delivery_id: str
    hook_id: str
    topic: str
    received_at: datetime
    outcome: str
    reason: str | None
    order_id: str | None
    body: bytes


async def add(tx: Tx, hook: Hook) -> None:
    """Makes an address."""
    await tx.execute(
        _ADD, store=hook.store_id, hook=hook.hook_id, platform=hook.platform, secret=hook.secret, now=hook.created_at
    )
    await tx.execute(_LISTED, kind=KIND, hook=hook.hook_id, store=hook.store_id)


async def page(tx: Tx, store_id: str) -> list[Hook]:
    """A store's addresses, the oldest first."""
    return [Hook(*tuple(row)) for row in await tx.all(_ALL, store=store_id)]


async def one(tx: Tx, store_id: str, hook_id: str) -> Hook | None:
    """One address of a store."""
    row = await tx.one_or_none(_ONE, store=store_id, hook=hook_id)
    return Hook(*tuple(row)) if row else None


async def end(tx: Tx, store_id: str, hook_id: str) -> bool:
    """Takes no more deliveries at this address; False if there is none such."""
    found = await tx.execute(_END, now=tx.now, store=store_id, hook=hook_id) > 0
    if found:
        await tx.execute(_UNLISTED, kind=KIND, hook=hook_id, store=store_id)
    return found


async def owner(tx: Tx, hook_id: str) -> str | None:
    """Whose address this is."""
    found: str | None = await tx.scalar(_OWNER, kind=KIND, hook=hook_id)
    return found


async def keep(tx: Tx, deliveries: Sequence[Delivery]) -> set[tuple[str, str]]:
    """Keeps deliveries; returns (store, delivery) of those that did not come before. No two of a call may be equal."""
    rows = await tx.all(
        _KEEP,
        stores=[d.store_id for d in deliveries],
        ids=[d.delivery_id for d in deliveries],
        hooks=[d.hook_id for d in deliveries],
        topics=[d.topic for d in deliveries],
        received=[d.received_at for d in deliveries],
        outcomes=[d.outcome for d in deliveries],
        reasons=[d.reason for d in deliveries],
        orders=[d.order_id for d in deliveries],
        bodies=[d.body for d in deliveries],
    )
    return {(row.store_id, row.delivery_id) for row in rows}


async def some(tx: Tx, store_id: str, *, outcomes: Sequence[str], after: Delivery | None, most: int) -> list[Delivery]:
    """A store's deliveries with one of these outcomes, the oldest first, of those that came after another."""
    rows = await tx.all(
        _SOME,
        store=store_id,
        outcomes=list(outcomes),
        after_at=after.received_at if after else None,
        after_id=after.delivery_id if after else None,
        most=most,
    )
    return [Delivery(*tuple(row)) for row in rows]


async def get(tx: Tx, store_id: str, delivery_id: str) -> Delivery | None:
    """One delivery of a store."""
    row = await tx.one_or_none(_GET, store=store_id, delivery=delivery_id)
    return Delivery(*tuple(row)) if row else None


async def note_outcome(tx: Tx, delivery: Delivery) -> None:
    """Notes what was made of a delivery that was read again."""
    await tx.execute(
        _NOTE_OUTCOME,
        outcome=delivery.outcome,
        reason=delivery.reason,
        order=delivery.order_id,
        store=delivery.store_id,
        delivery=delivery.delivery_id,
    )


async def forget(tx: Tx, stores: Sequence[str], *, before: datetime, count: int) -> dict[str, datetime] | None:
    """Drops up to `count` deliveries received before a moment; returns when the oldest one left of each store came, or
    None where there may be more to drop.
    """
    if await tx.execute(_FORGET, stores=list(stores), before=before, count=count) == count:
        return None
    return {row.store_id: row.at for row in await tx.all(_OLDEST, stores=list(stores))}
