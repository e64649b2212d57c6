"""Reads and writes the slices. All statements take whole batches."""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import orjson

from contracts.events.catalog import CodeSaved, LinkSaved, ProgramPublished
from contracts.program import Discount
from services.analytics.slices.domain import Ambassador, Calendar, Offer, Version, VersionKey
from services.common.periods import local_day
from services.kernel.db import Row, Tx
from services.kernel.revisions import Ref, newest

_CALENDARS = """
select store_id, name, currency, timezone, locale, created_at from stores where store_id = any(cast(:stores as text[]))
"""
_SAVE_PROGRAMS = """
insert into programs (store_id, program_id, version, name, currency, status, published_at, click_window_days, discount)
select * from unnest(cast(:store_id as text[]), cast(:program_id as text[]), cast(:version as integer[]),
  cast(:name as text[]), cast(:currency as text[]), cast(:status as text[]), cast(:published_at as timestamptz[]),
  cast(:click_window_days as integer[]), cast(:discount as text[])) order by 1, 2, 3
on conflict do nothing
"""
_OFFERS = """
select p.store_id, p.program_id, p.version, p.currency, p.discount
from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:versions as integer[])) as k(s, p, v)
join programs p on p.store_id = k.s and p.program_id = k.p and p.version = k.v
"""
_SAVE_CODES = """
insert into codes (store_id, code_id, code, ambassador_id, created_at, retired, revision)
select * from unnest(cast(:store_id as text[]), cast(:code_id as text[]), cast(:code as text[]),
  cast(:ambassador_id as text[]), cast(:created_at as timestamptz[]), cast(:retired as boolean[]),
  cast(:revision as integer[])) order by 1, 2
on conflict (store_id, code_id) do update
set code = excluded.code, ambassador_id = excluded.ambassador_id, retired = excluded.retired,
  revision = excluded.revision
where codes.revision < excluded.revision
"""
_SAVE_LINKS = """
insert into link_pages (store_id, link_id, program_id, page, revision)
select * from unnest(cast(:store_id as text[]), cast(:link_id as text[]), cast(:program_id as text[]),
  cast(:page as text[]), cast(:revision as integer[])) order by 1, 2
on conflict (store_id, link_id) do update
set program_id = excluded.program_id, page = excluded.page, revision = excluded.revision
where link_pages.revision < excluded.revision
"""
_AMBASSADORS = """
select a.* from unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
join ambassadors a on a.store_id = k.store_id and a.ambassador_id = k.id
"""
_AMBASSADORS_AFTER = """
select * from ambassadors where store_id = :store and ambassador_id > :after order by ambassador_id limit :count
"""
_BY_NAME = """
select k.store_id, k.name, a.ambassador_id
from unnest(cast(:stores as text[]), cast(:names as text[])) as k(store_id, name)
join ambassador_names n on n.store_id = k.store_id and n.name = k.name
join ambassadors a on a.store_id = n.store_id and a.ambassador_id = n.ambassador_id
"""
_SAVE_AMBASSADORS = """
insert into ambassadors (store_id, ambassador_id, program_id, status, joined_at, day, external_id, contact_hashes,
  revision, group_name, code_id)
select s, a, p, st, j, d, e, array(select jsonb_array_elements_text(cast(h as jsonb))), r, g, c
from unnest(cast(:store_id as text[]), cast(:ambassador_id as text[]), cast(:program_id as text[]),
  cast(:status as text[]), cast(:joined_at as timestamptz[]), cast(:day as date[]), cast(:external_id as text[]),
  cast(:contact_hashes as text[]), cast(:revision as integer[]), cast(:group_name as text[]),
  cast(:code_id as text[])) as t(s, a, p, st, j, d, e, h, r, g, c)
order by 1, 2
on conflict (store_id, ambassador_id) do update
set program_id = excluded.program_id, status = excluded.status, joined_at = excluded.joined_at, day = excluded.day,
  external_id = excluded.external_id, contact_hashes = excluded.contact_hashes, revision = excluded.revision,
  group_name = excluded.group_name, code_id = excluded.code_id
"""
_FORGET_NAMES = """
delete from ambassador_names n using unnest(cast(:stores as text[]), cast(:ids as text[])) as k(store_id, id)
where n.store_id = k.store_id and n.ambassador_id = k.id
"""
_SAVE_NAMES = """
insert into ambassador_names (store_id, name, ambassador_id)
select * from unnest(cast(:stores as text[]), cast(:names as text[]), cast(:ids as text[])) order by 1, 2, 3
on conflict do nothing
"""
_VERSIONS = """
select program_id, version, name, currency, status, published_at, click_window_days
from programs where store_id = :store_id order by program_id, version
"""
_CODES_BY_ID = """
select code_id, code from codes where store_id = :store_id and code_id = any(cast(:ids as text[]))
"""
_CODES_OF = """
with whose as materialized (
  select ambassador_id, code_id from ambassadors
  where store_id = :store_id and ambassador_id = any(cast(:ids as text[]))
)
select k.id as ambassador_id, coalesce(own.code, (
    select c.code from codes c where c.store_id = :store_id and c.ambassador_id = k.id
    order by c.retired, c.created_at, c.code_id limit 1)) as code
from unnest(cast(:ids as text[])) as k(id)
left join whose a on a.ambassador_id = k.id
left join codes own on own.store_id = :store_id and own.code_id = a.code_id
"""


async def calendars(tx: Tx, stores: Iterable[str]) -> dict[str, Calendar]:
    """Zone, currency and name of the stores that are known already."""
    rows = await tx.all(_CALENDARS, stores=sorted(set(stores)))
    found = {}
    for row in rows:
        zone = ZoneInfo(row.timezone)
        since = local_day(row.created_at, zone)
        found[row.store_id] = Calendar(row.store_id, row.name, row.currency, zone, row.locale, since)
    return found


async def save_programs(tx: Tx, published: Sequence[ProgramPublished]) -> None:
    """Keeps versions; a version never changes."""
    unique = {(p.store_id, p.program_id, p.version): p for p in published}
    if unique:
        await tx.execute(
            _SAVE_PROGRAMS,
            store_id=[p.store_id for p in unique.values()],
            program_id=[p.program_id for p in unique.values()],
            version=[p.version for p in unique.values()],
            name=[p.program.name for p in unique.values()],
            currency=[p.program.currency for p in unique.values()],
            status=[p.program.status for p in unique.values()],
            published_at=[p.published_at for p in unique.values()],
            click_window_days=[p.program.attribution.click_window_days for p in unique.values()],
            discount=[_text(p.program.discount_served) for p in unique.values()],
        )


async def offers(tx: Tx, keys: Iterable[VersionKey]) -> dict[VersionKey, Offer]:
    """What those of the versions take off at the checkout that are known."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = await tx.all(
        _OFFERS, stores=[k[0] for k in wanted], programs=[k[1] for k in wanted], versions=[k[2] for k in wanted]
    )
    return {
        (r.store_id, r.program_id, r.version): Offer(
            r.currency, None if r.discount is None else Discount.model_validate_json(r.discount, extra="ignore")
        )
        for r in rows
    }


def _text(discount: Discount | None) -> str | None:
    return discount.model_dump_json() if discount is not None else None


async def save_codes(tx: Tx, saved: Sequence[CodeSaved]) -> None:
    """Keeps the newest state of codes that belong to somebody."""
    owned = [code for code in saved if code.ambassador_id]
    latest = newest(owned, key=lambda code: (code.store_id, code.code_id)).values()
    if latest:
        await tx.execute(
            _SAVE_CODES,
            store_id=[c.store_id for c in latest],
            code_id=[c.code_id for c in latest],
            code=[c.code for c in latest],
            ambassador_id=[c.ambassador_id for c in latest],
            created_at=[c.created_at for c in latest],
            retired=[c.retired for c in latest],
            revision=[c.revision for c in latest],
        )


async def save_links(tx: Tx, saved: Sequence[LinkSaved]) -> None:
    """Keeps the newest state of each link."""
    latest = newest(saved, key=lambda link: (link.store_id, link.link_id)).values()
    if latest:
        await tx.execute(
            _SAVE_LINKS,
            store_id=[link.store_id for link in latest],
            link_id=[link.link_id for link in latest],
            program_id=[link.program_id for link in latest],
            page=[link.destination for link in latest],
            revision=[link.revision for link in latest],
        )


async def ambassadors(tx: Tx, keys: Iterable[Ref]) -> dict[Ref, Ambassador]:
    """Those of the ambassadors that are known."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = await tx.all(_AMBASSADORS, stores=[k[0] for k in wanted], ids=[k[1] for k in wanted])
    return {(row.store_id, row.ambassador_id): _ambassador(row) for row in rows}


async def ambassadors_after(tx: Tx, store_id: str, after: str, *, count: int) -> list[Ambassador]:
    """The next ambassadors of a store, in the order of their ids."""
    rows = await tx.all(_AMBASSADORS_AFTER, store=store_id, after=after, count=count)
    return [_ambassador(row) for row in rows]


def _ambassador(row: Row) -> Ambassador:
    return Ambassador(
        row.store_id,
        row.ambassador_id,
        row.program_id,
        row.status,
        row.joined_at,
        row.day,
        row.external_id,
        tuple(row.contact_hashes),
        row.revision,
        row.group_name,
        row.code_id,
    )


async def ambassadors_named(tx: Tx, names: Iterable[Ref]) -> dict[Ref, list[str]]:
    """(store, customer id or contact hash) → ids of the ambassadors who are that person."""
    wanted = sorted(set(names))
    found: dict[Ref, list[str]] = {}
    if wanted:
        for r in await tx.all(_BY_NAME, stores=[k[0] for k in wanted], names=[k[1] for k in wanted]):
            found.setdefault((r.store_id, r.name), []).append(r.ambassador_id)
    return found


async def save_ambassadors(tx: Tx, changed: Mapping[Ref, Ambassador]) -> None:
    """Writes these states and the names by which events may mean them."""
    if not changed:
        return
    rows = list(changed.values())
    await tx.execute(
        _SAVE_AMBASSADORS,
        store_id=[a.store_id for a in rows],
        ambassador_id=[a.ambassador_id for a in rows],
        program_id=[a.program_id for a in rows],
        status=[a.status for a in rows],
        joined_at=[a.joined_at for a in rows],
        day=[a.day for a in rows],
        external_id=[a.external_id for a in rows],
        # Arrays of arrays must be rectangular in PostgreSQL, so each list of hashes travels as JSON.
        contact_hashes=[_json_list(a.contact_hashes) for a in rows],
        revision=[a.revision for a in rows],
        group_name=[a.group_name for a in rows],
        code_id=[a.code_id for a in rows],
    )
    await tx.execute(_FORGET_NAMES, stores=[a.store_id for a in rows], ids=[a.ambassador_id for a in rows])
    names = [(a.store_id, name, a.ambassador_id) for a in rows for name in sorted(a.names)]
    if names:
        await tx.execute(
            _SAVE_NAMES, stores=[n[0] for n in names], names=[n[1] for n in names], ids=[n[2] for n in names]
        )


async def versions(tx: Tx, store_id: str) -> list[Version]:
    """All program versions of a store, by program and version."""
    return [
        Version(r.program_id, r.version, r.name, r.currency, r.status, r.published_at, r.click_window_days)
        for r in await tx.all(_VERSIONS, store_id=store_id)
    ]


async def codes_of(tx: Tx, store_id: str, ambassador_ids: Iterable[str]) -> dict[str, str]:
    """Ambassador → the code that names them on pages: the one that they are known by, else their oldest one that still
    works.
    """
    rows = await tx.all(_CODES_OF, store_id=store_id, ids=sorted(set(ambassador_ids)))
    return {r.ambassador_id: r.code for r in rows if r.code is not None}


async def codes_by_id(tx: Tx, store_id: str, code_ids: Iterable[str]) -> dict[str, str]:
    """What these codes are, as far as they belong to somebody."""
    rows = await tx.all(_CODES_BY_ID, store_id=store_id, ids=sorted(set(code_ids)))
    return {r.code_id: r.code for r in rows}


def _json_list(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()
