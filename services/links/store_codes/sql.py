"""Keeps where codes are, and says whether a page may show one as a discount."""

from collections.abc import Collection
from typing import Final

from contracts.events.store_codes import CodesCarried, StoreCodeChanged
from services.kernel.db import Tx

USABLE: Final = """
(not exists (select from code_carriers k where k.store_id = c.store_id and k.carries) or exists (
    select from store_codes u join code_carriers k on k.store_id = u.store_id and k.connection_id = u.connection_id
    where u.store_id = c.store_id and u.code_id = c.code_id and u.usable and k.carries))
"""
"""Whether the code `c` can be entered at one of the store's checkouts, as far as its connections carry any."""
CHECKOUTS: Final = """
(select json_agg(json_build_array(k.platform, k.discount_hosts) order by k.connection_id)
 from store_codes u join code_carriers k on k.store_id = u.store_id and k.connection_id = u.connection_id
 where u.store_id = c.store_id and u.code_id = c.code_id and u.usable and k.carries and k.discount_hosts <> '{}')
"""
"""The checkouts where the code `c` is for sure, and has an address that applies it: of each the platform and its hosts;
null where there is none.
"""
_USABLE_ONE = f"select {USABLE} from codes c where c.store_id = :store and c.code_id = :code"  # noqa: S608
_CARRIED = "select exists (select from code_carriers where store_id = :store and carries)"
_CARRIERS = """
insert into code_carriers (store_id, connection_id, carries, revision, platform, discount_hosts)
select a, b, c, d, e, string_to_array(f, ' ')
from unnest(cast(:stores as text[]), cast(:connections as text[]), cast(:carries as boolean[]),
            cast(:revisions as int[]), cast(:platforms as text[]), cast(:hosts as text[])) as t(a, b, c, d, e, f)
order by 1, 2
on conflict (store_id, connection_id) do update set carries = excluded.carries, revision = excluded.revision,
    platform = excluded.platform, discount_hosts = excluded.discount_hosts
where code_carriers.revision < excluded.revision
"""
_CODES = """
insert into store_codes (store_id, code_id, connection_id, usable, revision)
select * from unnest(cast(:stores as text[]), cast(:codes as text[]), cast(:connections as text[]),
                     cast(:usable as boolean[]), cast(:revisions as int[])) order by 1, 2, 3
on conflict (store_id, code_id, connection_id) do update set usable = excluded.usable, revision = excluded.revision
where store_codes.revision < excluded.revision
"""
# Replicas remember what pages show of an ambassador's link.
_FORGET = """
insert into changes (kind, key)
select distinct 'ambassador', c.ambassador_id from codes c
where c.store_id = any(cast(:stores as text[])) and c.code_id = any(cast(:codes as text[]))
  and c.ambassador_id is not null order by 2
on conflict (kind, key) do update set changed_at = clock_timestamp()
"""
_FORGET_STORES = """
insert into changes (kind, key) select 'store', s from unnest(cast(:stores as text[])) s order by 2
on conflict (kind, key) do update set changed_at = clock_timestamp()
"""


async def carried(tx: Tx, store_id: str) -> bool:
    """Whether a connection puts the store's codes into its shop."""
    return bool(await tx.scalar(_CARRIED, store=store_id))


async def usable(tx: Tx, store_id: str, code_id: str) -> bool:
    """Whether a code can be entered at a checkout of the store, as far as its connections carry any."""
    return bool(await tx.scalar(_USABLE_ONE, store=store_id, code=code_id))


async def keep_carriers(tx: Tx, found: Collection[CodesCarried]) -> None:
    """Keeps which connections carry codes."""
    await tx.execute(
        _CARRIERS,
        stores=[one.store_id for one in found],
        connections=[one.connection_id for one in found],
        carries=[one.carries for one in found],
        revisions=[one.revision for one in found],
        platforms=[one.platform for one in found],
        hosts=[" ".join(one.discount_hosts) for one in found],
    )
    await tx.execute(_FORGET_STORES, stores=sorted({one.store_id for one in found}))


async def keep_codes(tx: Tx, found: Collection[StoreCodeChanged]) -> None:
    """Keeps where codes are."""
    await tx.execute(
        _CODES,
        stores=[one.store_id for one in found],
        codes=[one.code_id for one in found],
        connections=[one.connection_id for one in found],
        usable=[one.state == "in_store" for one in found],
        revisions=[one.revision for one in found],
    )
    await tx.execute(
        _FORGET, stores=sorted({one.store_id for one in found}), codes=sorted({one.code_id for one in found})
    )
