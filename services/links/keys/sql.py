"""Keys' rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.kernel.db import Row, Tx

_INSERT = """
insert into keys (key_id, store_id, kind, scopes, label, created_at)
values (:key_id, :store_id, :kind, cast(:scopes as text[]), :label, :created_at)
"""
_GET = """
select key_id, store_id, kind, scopes, label, created_at, revoked_at, last_used_at from keys
where store_id = :store_id and key_id = :key_id
"""
_LIST = """
select key_id, store_id, kind, scopes, label, created_at, revoked_at, last_used_at from keys
where store_id = :store_id and (cast(:before as text) is null or key_id < :before) order by key_id desc limit :limit
"""
_CALLED = "select key_id as id, label from keys where store_id = :store_id and key_id = any(cast(:ids as text[]))"
_REVOKE = "update keys set revoked_at = :at where store_id = :store_id and key_id = :key_id and revoked_at is null"
# About once an hour: every process of every service reports, and the first of them is written; clocks differ a little.
_USED = """
update keys k set last_used_at = u.at
from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:ats as timestamptz[])) as u(store_id, key_id, at)
where k.store_id = u.store_id and k.key_id = u.key_id
  and (k.last_used_at is null or k.last_used_at <= u.at - interval '59 minutes')
"""
_GENERATION = "select generation from identify_secrets where store_id = :store_id"
_ROTATE = """
insert into identify_secrets (store_id, generation) values (:store_id, 1)
on conflict (store_id) do update set generation = identify_secrets.generation + 1 returning generation
"""
_BAR = "insert into revoked_keys (key_id, revoked_at) values (:key_id, :at) on conflict do nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What is known of a key; the key itself is derived from this and from the ring."""

    key_id: str
    store_id: str
    kind: Literal["sk", "pk"]
    scopes: tuple[str, ...]
    label: str
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the hour; None where it was never seen in use."""


def _key(row: Row) -> Key:
    return Key(**{**row._asdict(), "scopes": tuple(row.scopes)})


async def insert(tx: Tx, key: Key) -> None:
    """Adds a key."""
    await tx.execute(
        _INSERT,
        key_id=key.key_id,
        store_id=key.store_id,
        kind=key.kind,
        scopes=list(key.scopes),
        label=key.label,
        created_at=key.created_at,
    )


async def get(tx: Tx, store_id: str, key_id: str) -> Key | None:
    """One key."""
    row = await tx.one_or_none(_GET, store_id=store_id, key_id=key_id)
    return _key(row) if row else None


async def page(tx: Tx, store_id: str, *, before: str | None, limit: int) -> Sequence[Key]:
    """The store's keys, youngest first, of those older than `before`; revoked ones too."""
    return [_key(row) for row in await tx.all(_LIST, store_id=store_id, before=before, limit=limit)]


async def called(tx: Tx, store_id: str, key_ids: Iterable[str]) -> dict[str, str]:
    """The labels of these keys; those without one are left out."""
    rows = await tx.all(_CALLED, store_id=store_id, ids=list(key_ids))
    return {row.id: row.label for row in rows if row.label}


async def revoke(tx: Tx, store_id: str, key_id: str) -> bool:
    """Marks a key as revoked and bars it in this service; False when it was already."""
    if await tx.execute(_REVOKE, store_id=store_id, key_id=key_id, at=tx.now) == 0:
        return False
    await bar(tx, key_id)
    return True


async def used(tx: Tx, uses: Iterable[tuple[str, str, datetime]]) -> None:
    """Keeps when keys, by (store, key), were used, if that is an hour after what is known."""
    rows = sorted(uses)
    await tx.execute(_USED, stores=[r[0] for r in rows], ids=[r[1] for r in rows], ats=[r[2] for r in rows])


async def bar(tx: Tx, key_id: str) -> None:
    """Bars a key in this service. An event has to bar it in the others."""
    await tx.execute(_BAR, key_id=key_id, at=tx.now)


async def generation(tx: Tx, store_id: str) -> int:
    """Which generation of its identify secret a store has, from 0 up."""
    return int(await tx.scalar(_GENERATION, store_id=store_id) or 0)


async def rotate(tx: Tx, store_id: str) -> int:
    """Goes on to the next generation, and returns it."""
    return int(await tx.scalar(_ROTATE, store_id=store_id) or 0)
