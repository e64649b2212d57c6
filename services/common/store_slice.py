"""The slice of every store that all services keep: its name, currency, zone, domains and language.

Handled before each service's own events, so that a batch's stores are known before what happens in them.
"""

from collections.abc import Sequence
from typing import Final

import orjson

from contracts.events.catalog import StoreConfigured
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
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


async def keep_stores(tx: Tx, events: Sequence[Event[StoreConfigured]]) -> None:
    """Keeps the newest revision of each store, and lists it in the directory, where jobs and operators find it."""
    latest = newest((event.data for event in events), key=lambda store: store.store_id)
    stores = list(latest.values())
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
    await tx.execute(_LIST, stores=list(latest))


async def listed_stores(tx: Tx, *, after: str, count: int) -> list[str]:
    """The next stores that a service knows, in the order of their ids."""
    return [row.key for row in await tx.all(_LISTED, after=after, count=count)]


def _json_array(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()


STORES: Final = Handler(events=(StoreConfigured,), handle=keep_stores)
"""For the manifest of every service."""
