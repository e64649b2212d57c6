"""Reads and writes the slices of links' set-up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from contracts.events.catalog import AmbassadorSaved, CodeSaved, LinkSaved, ProgramPublished
from contracts.sponsors import MOST_LEVELS
from services.kernel.db import Tx
from services.kernel.revisions import Ref, newest

NEVER_ENDING = 2**62
"""An `as_of` that lets every stamped fact through."""

_KEEP_PROGRAMS = """
insert into programs (store_id, program_id, version, seq, published_at, body)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:revisions as int[]), cast(:seqs as bigint[]),
                     cast(:ats as timestamptz[]), cast(:bodies as bytea[]))
order by 1, 2, 3 on conflict do nothing returning store_id, program_id, version
"""
_KEEP_CODES = """
insert into codes (store_id, code_id, revision, seq, code, ambassador_id, at, body)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:revisions as int[]), cast(:seqs as bigint[]),
                     cast(:codes as text[]), cast(:ambassadors as text[]), cast(:ats as timestamptz[]),
                     cast(:bodies as bytea[]))
order by 1, 2, 3 on conflict do nothing returning store_id, code_id, revision
"""
_KEEP_AMBASSADORS = """
insert into ambassadors (store_id, ambassador_id, revision, seq, at, body)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:revisions as int[]), cast(:seqs as bigint[]),
                     cast(:ats as timestamptz[]), cast(:bodies as bytea[]))
order by 1, 2, 3 on conflict do nothing returning store_id, ambassador_id, revision
"""
_KEEP_NAMES = """
insert into ambassador_names (store_id, key) select * from unnest(cast(:stores as text[]), cast(:keys as text[]))
order by 1, 2 on conflict do nothing
"""
_NAMES = """
select n.store_id, n.key from ambassador_names n
join unnest(cast(:stores as text[]), cast(:keys as text[])) w (s, key) on n.store_id = w.s and n.key = w.key
"""
_PROGRAMS = """
select p.store_id, p.body from programs p
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on p.store_id = w.s and p.program_id = w.id
where p.seq <= :as_of
"""
_CODES = """
select c.store_id, c.at, c.body from codes c
join unnest(cast(:stores as text[]), cast(:codes as text[])) w (s, code) on c.store_id = w.s and c.code = w.code
where c.seq <= :as_of
"""
_AMBASSADORS = """
select a.store_id, a.at, a.body from ambassadors a
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on a.store_id = w.s and a.ambassador_id = w.id
where a.seq <= :as_of
"""
# By what each revision says: who is, or was, above whoever is asked about, as far up as rules reach.
_UPLINE = """
with recursive above (s, id, level) as (
  select s, id, 0 from unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id)
  union
  select u.s, b.sponsor_id, u.level + 1
  from above u join ambassadors a on a.store_id = u.s and a.ambassador_id = u.id
  cross join lateral (select cast(convert_from(a.body, 'UTF8') as jsonb) ->> 'sponsor_id' as sponsor_id) b
  where u.level < :levels and a.seq <= :as_of and b.sponsor_id is not null
)
select a.store_id, a.at, a.body from (select distinct s, id from above where level > 0) u
join ambassadors a on a.store_id = u.s and a.ambassador_id = u.id
where a.seq <= :as_of
"""
_AMBASSADORS_BEHIND = """
select a.body from (
  select distinct ambassador_id from ambassadors where store_id = :store and ambassador_id > :after
  order by ambassador_id limit :count
) page join ambassadors a on a.store_id = :store and a.ambassador_id = page.ambassador_id
order by a.ambassador_id, a.revision
"""
_CODES_OF_AMBASSADORS = """
select c.store_id, c.code from codes c
join unnest(cast(:stores as text[]), cast(:ids as text[])) w (s, id) on c.store_id = w.s and c.ambassador_id = w.id
group by 1, 2 order by min(c.at) desc, 2
"""

_KEEP_LINKS = """
insert into links (store_id, link_id, revision, slug)
select * from unnest(cast(:stores as text[]), cast(:ids as text[]), cast(:revisions as int[]), cast(:slugs as text[]))
order by 1, 2
on conflict (store_id, link_id) do update set revision = excluded.revision, slug = excluded.slug
where links.revision < excluded.revision
"""
_SLUGS = "select link_id, slug from links where store_id = :store and link_id = any(cast(:ids as text[]))"
_CODES_BY_AMBASSADOR = """
select distinct on (ambassador_id) ambassador_id, code from codes
where store_id = :store and ambassador_id = any(cast(:ids as text[]))
order by ambassador_id, seq
"""
_OWNER_OF_CODE = """
select ambassador_id from codes where store_id = :store and code = :code order by seq desc limit 1
"""
_PROGRAM_NAMES = """
select distinct on (program_id) program_id, body from programs where store_id = :store
order by program_id, version desc
"""


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of something in the catalog, with its place among the store's facts."""

    seq: int
    at: datetime
    data: ProgramPublished | CodeSaved | AmbassadorSaved


async def keep_programs(tx: Tx, revisions: Sequence[Revision]) -> list[ProgramPublished]:
    """Keeps versions; returns those that were new."""
    reported = [(r, r.data) for r in revisions if isinstance(r.data, ProgramPublished)]
    rows = await tx.all(
        _KEEP_PROGRAMS,
        stores=[data.store_id for _, data in reported],
        ids=[data.program_id for _, data in reported],
        revisions=[data.version for _, data in reported],
        seqs=[r.seq for r, _ in reported],
        ats=[data.published_at for _, data in reported],
        bodies=[_body(data) for _, data in reported],
    )
    new = {tuple(row) for row in rows}
    return [data for _, data in reported if (data.store_id, data.program_id, data.version) in new]


async def keep_codes(tx: Tx, revisions: Sequence[Revision]) -> list[CodeSaved]:
    """Keeps revisions of codes; returns those that were new."""
    reported = [(r, r.data) for r in revisions if isinstance(r.data, CodeSaved)]
    rows = await tx.all(
        _KEEP_CODES,
        stores=[data.store_id for _, data in reported],
        ids=[data.code_id for _, data in reported],
        revisions=[data.revision for _, data in reported],
        seqs=[r.seq for r, _ in reported],
        codes=[data.code for _, data in reported],
        ambassadors=[data.ambassador_id for _, data in reported],
        ats=[r.at for r, _ in reported],
        bodies=[_body(data) for _, data in reported],
    )
    new = {tuple(row) for row in rows}
    return [data for _, data in reported if (data.store_id, data.code_id, data.revision) in new]


async def keep_ambassadors(tx: Tx, revisions: Sequence[Revision]) -> list[AmbassadorSaved]:
    """Keeps revisions of ambassadors; returns those that were new."""
    reported = [(r, r.data) for r in revisions if isinstance(r.data, AmbassadorSaved)]
    rows = await tx.all(
        _KEEP_AMBASSADORS,
        stores=[data.store_id for _, data in reported],
        ids=[data.ambassador_id for _, data in reported],
        revisions=[data.revision for _, data in reported],
        seqs=[r.seq for r, _ in reported],
        ats=[r.at for r, _ in reported],
        bodies=[_body(data) for _, data in reported],
    )
    names = sorted({(data.store_id, key) for _, data in reported for key in names_of(data)})
    if names:
        await tx.execute(_KEEP_NAMES, stores=[s for s, _ in names], keys=[key for _, key in names])
    new = {tuple(row) for row in rows}
    return [data for _, data in reported if (data.store_id, data.ambassador_id, data.revision) in new]


def names_of(ambassador: AmbassadorSaved) -> list[str]:
    """The names by which an ambassador is known as a buyer."""
    own = [f"c:{ambassador.external_id}"] if ambassador.external_id is not None else []
    return own + [f"h:{contact}" for contact in ambassador.contact_hashes]


async def ambassadors_names(tx: Tx, names: Iterable[Ref]) -> set[Ref]:
    """Those of these names that an ambassador has or had."""
    pairs = sorted(set(names))
    if not pairs:
        return set()
    rows = await tx.all(_NAMES, stores=[s for s, _ in pairs], keys=[key for _, key in pairs])
    return {(row.store_id, row.key) for row in rows}


async def programs(tx: Tx, wanted: Iterable[Ref], *, as_of: int = NEVER_ENDING) -> list[ProgramPublished]:
    """All versions of these programs."""
    pairs = sorted(set(wanted))
    if not pairs:
        return []
    rows = await tx.all(_PROGRAMS, stores=[s for s, _ in pairs], ids=[i for _, i in pairs], as_of=as_of)
    return [read_program(bytes(row.body)) for row in rows]


async def codes(tx: Tx, wanted: Iterable[Ref], *, as_of: int = NEVER_ENDING) -> list[tuple[CodeSaved, datetime]]:
    """All revisions of the codes with these texts, each with the moment of its saving."""
    pairs = sorted(set(wanted))
    if not pairs:
        return []
    rows = await tx.all(_CODES, stores=[s for s, _ in pairs], codes=[c for _, c in pairs], as_of=as_of)
    return [(_read_code(bytes(row.body)), row.at) for row in rows]


async def ambassadors(
    tx: Tx, wanted: Iterable[Ref], *, as_of: int = NEVER_ENDING
) -> list[tuple[AmbassadorSaved, datetime]]:
    """All revisions of these ambassadors, each with the moment of its saving."""
    pairs = sorted(set(wanted))
    if not pairs:
        return []
    rows = await tx.all(_AMBASSADORS, stores=[s for s, _ in pairs], ids=[i for _, i in pairs], as_of=as_of)
    return [(_read_ambassador(bytes(row.body)), row.at) for row in rows]


async def upline(tx: Tx, below: Iterable[Ref], *, as_of: int = NEVER_ENDING) -> list[tuple[AmbassadorSaved, datetime]]:
    """All revisions of whoever is above these ambassadors, or was, up to the highest level that rules know, each with
    the moment of its saving.
    """
    pairs = sorted(set(below))
    if not pairs:
        return []
    rows = await tx.all(
        _UPLINE, stores=[s for s, _ in pairs], ids=[i for _, i in pairs], levels=MOST_LEVELS, as_of=as_of
    )
    return [(_read_ambassador(bytes(row.body)), row.at) for row in rows]


async def ambassadors_behind(tx: Tx, store_id: str, *, after: str, count: int) -> list[AmbassadorSaved]:
    """All revisions of the next `count` of a store's ambassadors by their ids, behind one; oldest revision first."""
    rows = await tx.all(_AMBASSADORS_BEHIND, store=store_id, after=after, count=count)
    return [_read_ambassador(bytes(row.body)) for row in rows]


async def codes_of_ambassadors(tx: Tx, wanted: Iterable[Ref]) -> list[Ref]:
    """(store, text) of every code that belongs to one of these ambassadors."""
    pairs = sorted(set(wanted))
    if not pairs:
        return []
    rows = await tx.all(_CODES_OF_AMBASSADORS, stores=[s for s, _ in pairs], ids=[i for _, i in pairs])
    return [(row.store_id, row.code) for row in rows]


async def keep_links(tx: Tx, links: Sequence[LinkSaved]) -> None:
    """Keeps the newest revision of each link."""
    latest = newest(links, key=lambda link: (link.store_id, link.link_id)).values()
    await tx.execute(
        _KEEP_LINKS,
        stores=[link.store_id for link in latest],
        ids=[link.link_id for link in latest],
        revisions=[link.revision for link in latest],
        slugs=[link.slug for link in latest],
    )


async def slugs(tx: Tx, store_id: str, links: Iterable[str]) -> dict[str, str]:
    """What these links are called."""
    rows = await tx.all(_SLUGS, store=store_id, ids=sorted(set(links)))
    return {row.link_id: row.slug for row in rows}


async def code_names(tx: Tx, store_id: str, ambassadors: Iterable[str]) -> dict[str, str]:
    """The first code of each of these ambassadors: how somebody is called where names are not known."""
    rows = await tx.all(_CODES_BY_AMBASSADOR, store=store_id, ids=sorted(set(ambassadors)))
    return {row.ambassador_id: row.code for row in rows}


async def owner_of_code(tx: Tx, store_id: str, code: str) -> str | None:
    """Whose ambassador's code this is, by its newest revision. `code` is folded."""
    owner: str | None = await tx.scalar(_OWNER_OF_CODE, store=store_id, code=code)
    return owner


async def program_names(tx: Tx, store_id: str) -> dict[str, str]:
    """What all of a store's programs are called in their newest versions, by id."""
    rows = await tx.all(_PROGRAM_NAMES, store=store_id)
    return {row.program_id: read_program(bytes(row.body)).program.name for row in rows}


def read_program(body: bytes) -> ProgramPublished:
    """A version never changes, and many orders need the same few: reading one costs more than all its rules.

    Those of unusual length are read anew, so that what is remembered has a bound in bytes.
    """
    return _remembered_program(body) if len(body) <= _LONG else _parse_program(body)


def _parse_program(body: bytes) -> ProgramPublished:
    return ProgramPublished.model_validate_json(body, extra="ignore")


_LONG = 16 * 1024
_remembered_program = lru_cache(maxsize=1024)(_parse_program)


@lru_cache(maxsize=8192)
def _read_code(body: bytes) -> CodeSaved:
    return CodeSaved.model_validate_json(body, extra="ignore")


@lru_cache(maxsize=8192)
def _read_ambassador(body: bytes) -> AmbassadorSaved:
    return AmbassadorSaved.model_validate_json(body, extra="ignore")


def _body(data: ProgramPublished | CodeSaved | AmbassadorSaved) -> bytes:
    return data.__pydantic_serializer__.to_json(data, exclude_none=True)
