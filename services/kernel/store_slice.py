"""The kernel's own handlers: the slice of every store that all services keep, the revoked keys, the sessions that were
ended, and the demo clock.

The runner puts them before each service's own handlers, so that a batch's stores are known before their events.
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from contracts.events.catalog import ClockMoved, KeyRevoked, SessionEnded, StoreConfigured
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler

_STORES = """
insert into stores (store_id, name, currency, timezone, domains, locale, created_at, revision)
select store_id, name, currency, timezone, array(select jsonb_array_elements_text(domains)), locale, created_at,
    revision
from unnest(cast(:store_id as text[]), cast(:name as text[]), cast(:currency as text[]), cast(:timezone as text[]),
            cast(:domains as jsonb[]), cast(:locale as text[]), cast(:created_at as timestamptz[]),
            cast(:revision as int[]))
     as u (store_id, name, currency, timezone, domains, locale, created_at, revision)
order by store_id
on conflict (store_id) do update set name = excluded.name, currency = excluded.currency, timezone = excluded.timezone,
    domains = excluded.domains, locale = excluded.locale, revision = excluded.revision
where stores.revision < excluded.revision
"""
_LIST = """
insert into directory (kind, key, store_id, id)
select 'store', s, s, s from unnest(cast(:stores as text[])) s order by s on conflict do nothing
"""
_LISTED = "select key from directory where kind = 'store' and key > :after order by key limit :count"
_REVOKED = """
insert into revoked_keys (key_id, revoked_at)
select * from unnest(cast(:key_id as text[]), cast(:revoked_at as timestamptz[])) order by 1
on conflict do nothing
"""
_ENDED = """
with over as (delete from ended_sessions where expires_at < now())
insert into ended_sessions (session_id, expires_at)
select * from unnest(cast(:session_id as text[]), cast(:expires_at as timestamptz[])) as told (session_id, expires_at)
where expires_at >= now() order by 1
on conflict do nothing
"""
_CLOCK = """
insert into clock (one, offset_seconds, revision) values (true, :offset_seconds, :revision)
on conflict (one) do update set offset_seconds = excluded.offset_seconds, revision = excluded.revision
where clock.revision < excluded.revision
"""


async def keep_stores(tx: Tx, events: Sequence[Event[StoreConfigured]]) -> None:
    """Keeps the newest revision of each store, and lists it in the directory, where jobs and operators find it."""
    newest: dict[str, StoreConfigured] = {}
    for event in events:
        known = newest.get(event.store_id)
        if known is None or known.revision < event.data.revision:
            newest[event.store_id] = event.data
    stores = list(newest.values())
    await tx.execute(
        _STORES,
        store_id=[store.store_id for store in stores],
        name=[store.name for store in stores],
        currency=[store.currency for store in stores],
        timezone=[store.timezone for store in stores],
        domains=[_json_array(store.domains) for store in stores],
        locale=[store.locale for store in stores],
        created_at=[store.created_at for store in stores],
        revision=[store.revision for store in stores],
    )
    await tx.execute(_LIST, stores=list(newest))


async def listed_stores(tx: Tx, *, after: str, count: int) -> list[str]:
    """The next stores that a service has heard of, in the order of their ids."""
    return [row.key for row in await tx.all(_LISTED, after=after, count=count)]


async def keep_revoked_keys(tx: Tx, events: Sequence[Event[KeyRevoked]]) -> None:
    """Remembers revoked keys for ever: keys carry no expiry of their own."""
    revoked = {event.data.key_id: event.data.revoked_at for event in events}
    await tx.execute(_REVOKED, key_id=list(revoked), revoked_at=list(revoked.values()))


async def keep_ended_sessions(tx: Tx, events: Sequence[Event[SessionEnded]]) -> None:
    """Remembers ended sessions for as long as their cookies would still open something."""
    ended = {event.data.session_id: event.data.expires_at for event in events}
    await tx.execute(_ENDED, session_id=list(ended), expires_at=list(ended.values()))


async def keep_clock(tx: Tx, events: Sequence[Event[ClockMoved]]) -> None:
    """Keeps the newest offset."""
    newest = max((event.data for event in events), key=lambda moved: moved.revision)
    await tx.execute(_CLOCK, offset_seconds=newest.offset_seconds, revision=newest.revision)


def kernel_handlers(hurry: Callable[[], None]) -> tuple[Handler, ...]:
    """The handlers above; `hurry` is called after the commit of a change that requests must notice at once."""

    async def keys(tx: Tx, events: Sequence[Event[Any]]) -> None:
        await keep_revoked_keys(tx, events)
        tx.after_commit(hurry)

    async def sessions(tx: Tx, events: Sequence[Event[Any]]) -> None:
        await keep_ended_sessions(tx, events)
        tx.after_commit(hurry)

    async def clock(tx: Tx, events: Sequence[Event[Any]]) -> None:
        await keep_clock(tx, events)
        tx.after_commit(hurry)

    return (
        Handler(events=(StoreConfigured,), handle=keep_stores),
        Handler(events=(KeyRevoked,), handle=keys),
        Handler(events=(SessionEnded,), handle=sessions),
        Handler(events=(ClockMoved,), handle=clock),
    )


def _json_array(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()
