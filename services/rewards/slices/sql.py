"""SQL of the slices: programs by version, ambassadors and their codes, closed portals, and the stores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.program import Program
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.slices.domain import program_of

_KEEP = """
insert into programs (store_id, program_id, version, currency, budget_minor, definition, published_at, cashback,
  memberships)
select * from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:versions as int[]),
  cast(:currencies as text[]), cast(:budgets as bigint[]), cast(:definitions as text[]),
  cast(:published as timestamptz[]), cast(:cashback as boolean[]), cast(:memberships as boolean[]))
on conflict do nothing returning store_id, program_id, version
"""

_DEFINITIONS = """
select p.store_id, p.program_id, p.version, p.definition
from programs p
join unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:versions as int[]))
  w(store_id, program_id, version) using (store_id, program_id, version)
"""

_ALL = "select version, definition from programs where store_id = :store and program_id = :program"

_PROGRAMS = """
select distinct on (program_id) program_id, cast(definition as jsonb) ->> 'name' as name from programs
where store_id = :store order by program_id desc, version desc limit :count
"""

_NEWEST = """
select definition from programs where store_id = :store and program_id = :program order by version desc limit 1
"""

_NEWEST_OF = """
select w.store_id, w.program_id, p.version, p.definition
from unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id)
cross join lateral (
  select version, definition from programs where store_id = w.store_id and program_id = w.program_id
  order by version desc limit 1
) p
"""

_WITH_TIERS = """
select w.store_id, w.program_id
from unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id)
where exists (
  select from programs p where p.store_id = w.store_id and p.program_id = w.program_id
    and cast(p.definition as jsonb) -> 'tiers' <> 'null'
)
"""

_WITH_CASHBACK = """
select distinct store_id from programs where store_id = any(cast(:stores as text[])) and cashback
"""

_WITH_MEMBERSHIPS = """
select distinct store_id from programs where store_id = any(cast(:stores as text[])) and memberships
"""

_IN_FORCE = """
select distinct on (w.store_id, w.order_id, p.program_id) w.store_id, w.order_id, p.program_id, p.version, p.cashback,
  p.memberships
from unnest(cast(:stores as text[]), cast(:orders as text[]), cast(:placed as timestamptz[]))
  w(store_id, order_id, placed_at)
join programs p on p.store_id = w.store_id and p.published_at <= w.placed_at
order by w.store_id, w.order_id, p.program_id, p.version desc
"""

_JOINED = """
select a.store_id, a.ambassador_id, a.joined_at from ambassadors a
join unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w(store_id, ambassador_id)
  using (store_id, ambassador_id)
where a.joined_at is not null
"""

_NEWEST_VERSION = "select max(version) from programs where store_id = :store and program_id = :program"

_KEEP_AMBASSADORS = """
insert into ambassadors (store_id, ambassador_id, program_id, status, revision, joined_at)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:programs as text[]),
  cast(:statuses as text[]), cast(:revisions as int[]), cast(:joined as timestamptz[])) order by 1, 2
on conflict (store_id, ambassador_id) do update set program_id = excluded.program_id, status = excluded.status,
  revision = excluded.revision, joined_at = excluded.joined_at
where ambassadors.revision < excluded.revision
  or (ambassadors.revision = excluded.revision and ambassadors.joined_at is null)
"""

_AMBASSADOR = """
select program_id, case when exists (
    select from closed_portals c where c.store_id = a.store_id and c.ambassador_id = a.ambassador_id
  ) then 'erased' else status end as status
from ambassadors a where store_id = :store and ambassador_id = :ambassador
"""

_KEEP_CODES = """
insert into codes (store_id, code_id, ambassador_id, code, retired, created_at, revision)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:ambassadors as text[]),
  cast(:codes as text[]), cast(:retired as boolean[]), cast(:created as timestamptz[]), cast(:revisions as int[]))
order by 1, 2
on conflict (store_id, code_id) do update set ambassador_id = excluded.ambassador_id, retired = excluded.retired,
  revision = excluded.revision
where codes.revision < excluded.revision
"""

_KEEP_CHOSEN = """
insert into chosen_codes (store_id, ambassador_id, code_id, revision)
select * from unnest(cast(:stores as text[]), cast(:ambassadors as text[]), cast(:codes as text[]),
  cast(:revisions as int[])) order by 1, 2
on conflict (store_id, ambassador_id) do update set code_id = excluded.code_id, revision = excluded.revision
where chosen_codes.revision < excluded.revision
"""

_CODES_OF = """
select k.id as ambassador_id, coalesce(own.code, (
    select c.code from codes c where c.store_id = :store and c.ambassador_id = k.id
    order by c.retired, c.created_at, c.code_id limit 1)) as code
from unnest(cast(:ids as text[])) as k(id)
left join chosen_codes w on w.store_id = :store and w.ambassador_id = k.id
left join codes own on own.store_id = :store and own.code_id = w.code_id
"""

_BUDGETS = """
select distinct on (p.store_id, p.program_id, p.currency) p.store_id, p.program_id, p.currency, p.budget_minor
from programs p
join unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id) using (store_id, program_id)
order by p.store_id, p.program_id, p.currency, p.version desc
"""

_CLOSE = """
insert into closed_portals (store_id, ambassador_id)
select * from unnest(cast(:stores as text[]), cast(:ambassadors as text[]))
on conflict do nothing
"""

_CLOSED = "select exists (select from closed_portals where store_id = :store and ambassador_id = :ambassador)"

_ZONES = "select store_id, timezone from stores where store_id = any(cast(:stores as text[]))"

_SHOP = "select name, timezone, locale, currency from stores where store_id = :store"

VersionKey = tuple[str, str, int]
"""Store, program, version."""


async def keep(tx: Tx, published: Sequence[ProgramPublished]) -> set[VersionKey]:
    """Keeps these versions, and says which are new; one that is known already stays as it is."""
    rows = await tx.all(
        _KEEP,
        stores=[p.store_id for p in published],
        programs=[p.program_id for p in published],
        versions=[p.version for p in published],
        currencies=[p.program.currency for p in published],
        budgets=[p.program.budget.amount_minor if p.program.budget else None for p in published],
        definitions=[p.program.model_dump_json() for p in published],
        published=[p.published_at for p in published],
        cashback=[bool(p.program.cashback_rewards) for p in published],
        memberships=[bool(p.program.memberships) for p in published],
    )
    return {(row.store_id, row.program_id, row.version) for row in rows}


async def versions(tx: Tx, wanted: Iterable[VersionKey]) -> dict[VersionKey, Program]:
    """Those of the wanted versions that are known."""
    keys = sorted(set(wanted))
    if not keys:
        return {}
    rows = await tx.all(
        _DEFINITIONS, stores=[k[0] for k in keys], programs=[k[1] for k in keys], versions=[k[2] for k in keys]
    )
    return {(row.store_id, row.program_id, row.version): program_of(row.definition) for row in rows}


async def definitions(tx: Tx, store_id: str, program_id: str) -> dict[int, str]:
    """What each known version of a program says, as JSON."""
    return {row.version: row.definition for row in await tx.all(_ALL, store=store_id, program=program_id)}


async def currencies(tx: Tx, store_id: str) -> list[str]:
    """The currencies of a store's programs, the youngest program's first."""
    rows = await tx.all(
        "select currency from programs where store_id = :store order by program_id desc", store=store_id
    )
    return list(dict.fromkeys(row.currency for row in rows))


@dataclass(frozen=True, slots=True)
class Known:
    """A program as pages name it."""

    program_id: str
    name: str


async def programs(tx: Tx, store_id: str, *, count: int = 100) -> list[Known]:
    """A store's programs by their newest names, youngest first."""
    return [Known(row.program_id, row.name) for row in await tx.all(_PROGRAMS, store=store_id, count=count)]


async def newest(tx: Tx, store_id: str, program_id: str) -> Program | None:
    """A program as its newest version that is known has it."""
    definition = await tx.scalar(_NEWEST, store=store_id, program=program_id)
    return None if definition is None else program_of(definition)


async def newest_of(tx: Tx, wanted: Iterable[Ref]) -> dict[Ref, tuple[int, Program]]:
    """The newest version that is known of each (store, program), with its number."""
    keys = sorted(set(wanted))
    rows = await tx.all(_NEWEST_OF, stores=[k[0] for k in keys], programs=[k[1] for k in keys])
    return {(row.store_id, row.program_id): (row.version, program_of(row.definition)) for row in rows}


async def with_tiers(tx: Tx, wanted: Iterable[Ref]) -> set[Ref]:
    """Those (store, program) of which some version has tiers."""
    keys = sorted(set(wanted))
    rows = await tx.all(_WITH_TIERS, stores=[k[0] for k in keys], programs=[k[1] for k in keys])
    return {(row.store_id, row.program_id) for row in rows}


async def with_cashback(tx: Tx, stores: Iterable[str]) -> set[str]:
    """Those of these stores of which some program's version has cashback."""
    return {row.store_id for row in await tx.all(_WITH_CASHBACK, stores=sorted(stores))}


async def with_memberships(tx: Tx, stores: Iterable[str]) -> set[str]:
    """Those of these stores of which some program's version has memberships."""
    return {row.store_id for row in await tx.all(_WITH_MEMBERSHIPS, stores=sorted(stores))}


async def in_force(
    tx: Tx, placed: Mapping[Ref, datetime], having: Literal["cashback", "memberships"]
) -> dict[Ref, list[tuple[str, int]]]:
    """By order, the versions with cashback, or with memberships, (program, number) that were in force when it was
    placed. A version is none for what was bought before it was published.
    """
    if not placed:
        return {}
    refs = sorted(placed)
    rows = await tx.all(
        _IN_FORCE, stores=[r[0] for r in refs], orders=[r[1] for r in refs], placed=[placed[r] for r in refs]
    )
    found: dict[Ref, list[tuple[str, int]]] = {}
    for row in rows:
        if getattr(row, having):
            found.setdefault((row.store_id, row.order_id), []).append((row.program_id, row.version))
    return found


async def newest_version(tx: Tx, store_id: str, program_id: str) -> int:
    """Number of a program's newest version that is known; 0 for none."""
    return int(await tx.scalar(_NEWEST_VERSION, store=store_id, program=program_id) or 0)


async def budgets(tx: Tx, wanted: Iterable[Ref]) -> dict[tuple[str, str, str], int]:
    """Budget in force by (store, program, currency): the newest known version's, where that has one.

    A program whose currency changed has one budget in each: rewards of old orders stay in the old currency.
    """
    keys = sorted(set(wanted))
    if not keys:
        return {}
    rows = await tx.all(_BUDGETS, stores=[k[0] for k in keys], programs=[k[1] for k in keys])
    return {
        (row.store_id, row.program_id, row.currency): row.budget_minor for row in rows if row.budget_minor is not None
    }


@dataclass(frozen=True, slots=True)
class Ambassador:
    """What rewards knows of an ambassador."""

    program_id: str
    status: str


async def keep_ambassadors(tx: Tx, saved: Sequence[AmbassadorSaved]) -> None:
    """Keeps the newest state of each; one of each ambassador."""
    await tx.execute(
        _KEEP_AMBASSADORS,
        stores=[a.store_id for a in saved],
        ids=[a.ambassador_id for a in saved],
        programs=[a.program_id for a in saved],
        statuses=[a.status for a in saved],
        revisions=[a.revision for a in saved],
        joined=[a.created_at for a in saved],
    )


async def ambassador(tx: Tx, store_id: str, ambassador_id: str) -> Ambassador | None:
    """An ambassador, as far as has been received; erased as soon as all else of theirs is dropped here."""
    row = await tx.one_or_none(_AMBASSADOR, store=store_id, ambassador=ambassador_id)
    return None if row is None else Ambassador(row.program_id, row.status)


async def joined(tx: Tx, ambassadors: Iterable[Ref]) -> dict[Ref, datetime]:
    """When these (store, ambassador) joined, as far as has been received."""
    keys = sorted(set(ambassadors))
    if not keys:
        return {}
    rows = await tx.all(_JOINED, stores=[k[0] for k in keys], ambassadors=[k[1] for k in keys])
    return {(row.store_id, row.ambassador_id): row.joined_at for row in rows}


async def keep_codes(tx: Tx, saved: Sequence[CodeSaved]) -> None:
    """Keeps the newest state of each code that is somebody's; one of each."""
    owned = [code for code in saved if code.ambassador_id]
    if owned:
        await tx.execute(
            _KEEP_CODES,
            stores=[c.store_id for c in owned],
            ids=[c.code_id for c in owned],
            ambassadors=[c.ambassador_id for c in owned],
            codes=[c.code for c in owned],
            retired=[c.retired for c in owned],
            created=[c.created_at for c in owned],
            revisions=[c.revision for c in owned],
        )


async def keep_chosen_codes(tx: Tx, saved: Sequence[AmbassadorSaved]) -> None:
    """Keeps by which of their codes each is known; one of each ambassador."""
    if saved:
        await tx.execute(
            _KEEP_CHOSEN,
            stores=[a.store_id for a in saved],
            ambassadors=[a.ambassador_id for a in saved],
            codes=[a.code_id for a in saved],
            revisions=[a.revision for a in saved],
        )


async def codes_of(tx: Tx, store_id: str, ambassadors: Iterable[str]) -> dict[str, str]:
    """Ambassador → the code that names them: the one that they are known by, else their oldest one that still works."""
    rows = await tx.all(_CODES_OF, store=store_id, ids=sorted(set(ambassadors)))
    return {row.ambassador_id: row.code for row in rows if row.code is not None}


async def close_portals(tx: Tx, ambassadors: Sequence[Ref]) -> None:
    """Their portals open no more, whatever address was given out."""
    if ambassadors:
        await tx.execute(_CLOSE, stores=[a[0] for a in ambassadors], ambassadors=[a[1] for a in ambassadors])


async def portal_is_closed(tx: Tx, store_id: str, ambassador: str) -> bool:
    """Whether the ambassador was erased, as far as has been received."""
    return bool(await tx.scalar(_CLOSED, store=store_id, ambassador=ambassador))


@dataclass(frozen=True, slots=True)
class Shop:
    """What pages say of a store."""

    name: str
    timezone: str
    locale: str
    currency: str = ""


async def time_zones(tx: Tx, stores: Iterable[str]) -> dict[str, str]:
    """IANA names by store; a store that is not known yet is left out."""
    return {row.store_id: row.timezone for row in await tx.all(_ZONES, stores=sorted(set(stores)))}


async def shop(tx: Tx, store_id: str) -> Shop:
    """A store's name, zone and language; placeholders while its set-up is on its way."""
    row = await tx.one_or_none(_SHOP, store=store_id)
    return Shop("", "UTC", "en") if row is None else Shop(row.name, row.timezone, row.locale, row.currency)
