"""Reads and writes hooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Tx

KIND = "hook"

_ADD = """
insert into hooks (store_id, hook_id, platform, secret, created_at) values (:store, :hook, :platform, :secret, :now)
"""
# What was moved before keeps its end, and gets one that came where it was.
_TAKE_OVER = """
insert into hooks (store_id, hook_id, platform, secret, created_at, deleted_at)
select :store, * from unnest(cast(:ids as text[]), cast(:platforms as text[]), cast(:secrets as bytea[]),
                             cast(:created as timestamptz[]), cast(:deleted as timestamptz[]))
order by 2 on conflict (store_id, hook_id) do update set deleted_at = excluded.deleted_at
where hooks.deleted_at is null and excluded.deleted_at is not null
"""
_LIST_AGAIN = """
insert into directory (kind, key, store_id, id)
select :kind, hook_id, store_id, hook_id from hooks
where store_id = :store and hook_id = any(cast(:ids as text[])) and deleted_at is null order by hook_id
on conflict do nothing
"""
_UNLIST_ENDED = """
delete from directory d using hooks h where d.kind = :kind and d.key = h.hook_id and d.store_id = h.store_id
  and h.store_id = :store and h.hook_id = any(cast(:ids as text[])) and h.deleted_at is not null
"""
_STORE_LISTED = """
insert into directory (kind, key, store_id, id) values ('store', :store, :store, :store) on conflict do nothing
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


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that a platform delivers to; `secret` is sealed (see hooks.domain)."""

    store_id: str
    hook_id: str
    platform: str
    secret: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FormerHook:
    """An address that was made before this service was, sealed anew. It may have ended."""

    store_id: str
    hook_id: str
    platform: str
    secret: bytes
    created_at: datetime
    deleted_at: datetime | None


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


async def take_over(tx: Tx, store_id: str, former: Sequence[FormerHook]) -> None:
    """Keeps a store's addresses of before; what is here already stays, but for an end that it lacks."""
    ids = [one.hook_id for one in former]
    await tx.execute(
        _TAKE_OVER,
        store=store_id,
        ids=ids,
        platforms=[one.platform for one in former],
        secrets=[one.secret for one in former],
        created=[one.created_at for one in former],
        deleted=[one.deleted_at for one in former],
    )
    await tx.execute(_LIST_AGAIN, kind=KIND, store=store_id, ids=ids)
    await tx.execute(_UNLIST_ENDED, kind=KIND, store=store_id, ids=ids)
    await tx.execute(_STORE_LISTED, store=store_id)
