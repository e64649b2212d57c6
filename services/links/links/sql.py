"""Links' rows, and their places in the directory."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx

SLUG, SHAPE = "slug", "slug-shape"
"""Kinds of directory entries: a slug, and the look of one that a person chose."""

CODE_OF_LINK = """case when l.split is null then a.code_id else (
  select x.code_id from codes x where x.store_id = l.store_id and x.ambassador_id = l.ambassador_id
    and x.split = l.split and not x.retired order by x.code_id limit 1) end"""
"""The code that belongs to link `l` of ambassador `a`: it carries the same split, or none."""

_CLAIM = """
insert into directory (kind, key, store_id, id)
select k, s, :store_id, :link_id from unnest(cast(:kinds as text[]), cast(:keys as text[])) as c(k, s) order by k, s
on conflict do nothing returning kind
"""
_HELD = """
select count(*) from unnest(cast(:kinds as text[]), cast(:keys as text[])) as c(k, s)
join directory d on d.kind = c.k and d.key = c.s and d.id = :link_id and d.store_id = :store_id
"""
_INSERT = """
insert into links (link_id, store_id, program_id, ambassador_id, slug, destination, channel, utm, expires_at,
  fallback, split, deleted_at, created_at, revision)
values (:link_id, :store_id, :program_id, :ambassador_id, :slug, :destination, :channel, cast(:utm as jsonb),
  :expires_at, :fallback, :split, null, :created_at, :revision)
"""
_CLAIM_ALL = """
insert into directory (kind, key, store_id, id)
select :kind, k, :store_id, i from unnest(cast(:keys as text[]), cast(:ids as text[])) as c(k, i) order by k
on conflict do nothing returning id
"""
_INSERT_ALL = """
insert into links (link_id, store_id, program_id, ambassador_id, slug, utm, created_at, revision)
select l, :store_id, p, a, s, '{}', :now, 1 from unnest(cast(:link_id as text[]), cast(:program_id as text[]),
  cast(:ambassador_id as text[]), cast(:slug as text[])) as t(l, p, a, s) order by l
"""
_UPDATE = """
update links set slug = :slug, destination = :destination, channel = :channel, utm = cast(:utm as jsonb),
  expires_at = :expires_at, fallback = :fallback, deleted_at = :deleted_at, revision = :revision
where store_id = :store_id and link_id = :link_id
"""
_GET = """
select link_id, store_id, program_id, ambassador_id, slug, destination, channel, utm, expires_at, fallback,
  split, deleted_at, created_at, revision
from links where store_id = :store_id and link_id = :link_id
"""
_LIST = """
select link_id, store_id, program_id, ambassador_id, slug, destination, channel, utm, expires_at, fallback,
  split, deleted_at, created_at, revision
from links
where store_id = :store_id and deleted_at is null
  and (cast(:before as text) is null or link_id < :before)
  and (cast(:ambassador_id as text) is null or ambassador_id = :ambassador_id)
  and (cast(:program_id as text) is null or program_id = :program_id)
order by link_id desc limit :limit
"""

_SPLIT = """
select link_id, store_id, program_id, ambassador_id, slug, destination, channel, utm, expires_at, fallback,
  split, deleted_at, created_at, revision
from links
where store_id = :store_id and ambassador_id = :ambassador_id and split = :split and deleted_at is null
  and destination is null and channel is null and utm = '{}' and expires_at is null and fallback is null
order by link_id limit 1
"""
_CALLED = """
select link_id as id, slug from links where store_id = :store_id and link_id = any(cast(:ids as text[]))
"""
_IDS_OF = """
select link_id from links where store_id = :store_id and ambassador_id = :ambassador_id and deleted_at is null
order by link_id
"""
_TO_PAGES = """
select link_id, store_id, program_id, ambassador_id, slug, destination, channel, utm, expires_at, fallback,
  split, deleted_at, created_at, revision
from links
where store_id = :store_id and ambassador_id = any(cast(:ambassadors as text[])) and destination is not null
order by link_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A share link. Without a destination it leads to its program's landing page."""

    link_id: str
    store_id: str
    program_id: str
    ambassador_id: str
    slug: str
    destination: str | None = None
    channel: str | None = None
    utm: Mapping[str, str]
    expires_at: datetime | None = None
    fallback: str | None = None
    """Where it leads once it has expired."""
    split: int | None = None
    """The ambassador's part of the reward in basis points; None: as the program has it."""
    deleted_at: datetime | None = None
    created_at: datetime
    revision: int


def _link(row: Row) -> Link:
    return Link(**row._asdict())


async def claim(tx: Tx, *, store_id: str, link_id: str, slug: str, look: str | None) -> bool:
    """Takes a slug, and its look where a person chose it, for a link; False when another link has either.

    A link keeps every slug it ever had, so that what was printed goes on working. After a False only a rollback, or
    another try for the same link, is right: one of the two may have been taken.
    """
    wanted = [(SLUG, slug)] + ([(SHAPE, look)] if look else [])
    kinds, keys = [kind for kind, _ in wanted], [key for _, key in wanted]
    taken = await tx.all(_CLAIM, store_id=store_id, link_id=link_id, kinds=kinds, keys=keys)
    if len(taken) == len(wanted):
        return True
    held = await tx.scalar(_HELD, store_id=store_id, link_id=link_id, kinds=kinds, keys=keys)
    return bool(held == len(wanted))


async def claim_all(tx: Tx, store_id: str, slugs: Mapping[str, str]) -> set[str]:
    """Takes random slugs, by link; returns the links that got theirs. In one statement."""
    rows = await tx.all(_CLAIM_ALL, kind=SLUG, store_id=store_id, keys=list(slugs.values()), ids=list(slugs))
    return {row.id for row in rows}


async def insert_all(tx: Tx, store_id: str, links: Sequence[Link]) -> None:
    """Adds plain links, as joining makes them; their slugs are claimed already. In one statement."""
    columns = ("link_id", "program_id", "ambassador_id", "slug")
    await tx.execute(
        _INSERT_ALL, store_id=store_id, now=tx.now, **{name: [getattr(a, name) for a in links] for name in columns}
    )


async def insert(tx: Tx, link: Link) -> None:
    """Adds a link; its slug is claimed already."""
    await tx.execute(
        _INSERT,
        link_id=link.link_id,
        store_id=link.store_id,
        program_id=link.program_id,
        ambassador_id=link.ambassador_id,
        slug=link.slug,
        destination=link.destination,
        channel=link.channel,
        utm=json.dumps(dict(link.utm)),
        expires_at=link.expires_at,
        fallback=link.fallback,
        split=link.split,
        created_at=link.created_at,
        revision=link.revision,
    )


async def update(tx: Tx, link: Link) -> None:
    """Writes what may change of a link."""
    await tx.execute(
        _UPDATE,
        link_id=link.link_id,
        store_id=link.store_id,
        slug=link.slug,
        destination=link.destination,
        channel=link.channel,
        utm=json.dumps(dict(link.utm)),
        expires_at=link.expires_at,
        fallback=link.fallback,
        deleted_at=link.deleted_at,
        revision=link.revision,
    )


async def get(tx: Tx, store_id: str, link_id: str, *, lock: bool = False) -> Link | None:
    """One link, deleted ones too."""
    row = await tx.one_or_none(_GET + (" for update" if lock else ""), store_id=store_id, link_id=link_id)
    return _link(row) if row else None


async def with_split(tx: Tx, store_id: str, ambassador_id: str, split: int) -> Link | None:
    """The ambassador's plain link that carries this split."""
    row = await tx.one_or_none(_SPLIT, store_id=store_id, ambassador_id=ambassador_id, split=split)
    return _link(row) if row else None


async def ids_of(tx: Tx, store_id: str, ambassador_id: str) -> list[str]:
    """Ids of an ambassador's links that are not deleted."""
    return [row.link_id for row in await tx.all(_IDS_OF, store_id=store_id, ambassador_id=ambassador_id)]


async def to_pages(tx: Tx, store_id: str, ambassador_ids: Sequence[str]) -> list[Link]:
    """These ambassadors' links that lead to a page of their own, deleted ones too."""
    return [_link(row) for row in await tx.all(_TO_PAGES, store_id=store_id, ambassadors=list(ambassador_ids))]


async def called(tx: Tx, store_id: str, link_ids: Iterable[str]) -> dict[str, str]:
    """The addresses of these links, without the host."""
    rows = await tx.all(_CALLED, store_id=store_id, ids=list(link_ids))
    return {row.id: f"/r/{row.slug}" for row in rows}


async def page(
    tx: Tx,
    store_id: str,
    *,
    before: str | None = None,
    ambassador_id: str | None = None,
    program_id: str | None = None,
    limit: int,
) -> Sequence[Link]:
    """Links that are not deleted, youngest first, of those older than `before`."""
    rows = await tx.all(
        _LIST, store_id=store_id, before=before, ambassador_id=ambassador_id, program_id=program_id, limit=limit
    )
    return [_link(row) for row in rows]
