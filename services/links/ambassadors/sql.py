"""Reading ambassadors together with their first link and personal code: one by one, as lists, and as names alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple, Protocol

from services.kernel.db import Row, Tx
from services.links.people.sql import Ambassador

_SELECT = """
select a.ambassador_id, a.store_id, a.program_id, a.external_id, a.status, a.group_name, a.sponsor_id, a.locale,
  a.contact_hashes, a.link_id, a.code_id, a.created_at, a.revision, a.role, a.terms_version, a.terms_at,
  p.name, p.email, p.phone, p.public_name, p.telegram, p.sms, p.sms_hash, p.sms_asked,
  p.notes,
  l.slug, c.code, g.name as program_name
from ambassadors a
left join people p on p.ambassador_id = a.ambassador_id
left join links l on l.link_id = a.link_id
left join codes c on c.code_id = a.code_id
left join programs g on g.program_id = a.program_id
where a.store_id = :store_id
"""
_ONE = _SELECT + " and a.ambassador_id = :ambassador_id"
_MANY = _SELECT + " and a.ambassador_id = any(cast(:ids as text[]))"
_NARROWED = """
  and (cast(:program_id as text) is null or a.program_id = :program_id)
  and (cast(:external_id as text) is null or a.external_id = :external_id)
  and (cast(:group_name as text) is null or a.group_name = :group_name)
  and (cast(:status as text) is null or a.status = :status)
  and (cast(:code as text) is null or exists (
    select from codes own where own.store_id = a.store_id and own.code = :code and own.ambassador_id = a.ambassador_id))
"""
_BEFORE = "(cast(:before as text) is null or ambassador_id < :before)"
_BEHIND = "(cast(:after as text) is null or (name, ambassador_id) > (cast(:after_name as text), cast(:after as text)))"
_NEWEST = f"""
{_SELECT} {_NARROWED} and (cast(:before as text) is null or a.ambassador_id < :before)
order by a.ambassador_id desc limit :limit
"""
_BY_NAME = f"""
with found as (
  select a.ambassador_id, coalesce(p.name_folded, '') as name
  from ambassadors a left join people p on p.store_id = a.store_id and p.ambassador_id = a.ambassador_id
  where a.store_id = :store_id {_NARROWED}
)
select array(select ambassador_id from found where {_BEHIND} order by name, ambassador_id limit :limit) as ids
"""  # noqa: S608  # our own words
_COUNT = f"select count(*) from ambassadors a where a.store_id = :store_id {_NARROWED}"  # noqa: S608
# A search looks at each person of the store once, at the one text that is kept for it, and beside them at those who
# were erased, who have a code only. Who is found, how many they are, and whose turn it is come from one statement, the
# rows of these few from another. The table of ambassadors is read only where the list is narrowed.
_SEARCH = """
with found as materialized (
  select p.ambassador_id, coalesce(p.name_folded, '') as name from people p {joined}
  where p.store_id = :store_id and position((select lower(:search)) in p.sought) > 0 {narrowed}
  union all
  select a.ambassador_id, '' from ambassadors a join codes c on c.store_id = a.store_id and c.code_id = a.code_id
  where a.store_id = :store_id and a.status = 'erased' and position((select upper(:search)) in c.code) > 0 {narrowed}
)
select (select count(*) from found) as total, array(
  select ambassador_id from found where {behind} order by {order} limit :limit
) as ids
"""
_JOINED = "join ambassadors a on a.store_id = p.store_id and a.ambassador_id = p.ambassador_id"


def _search(behind: str, order: str) -> dict[bool, str]:
    """The statement by whether the list is narrowed by more than the text."""
    return {
        narrowed: _SEARCH.format(
            joined=_JOINED if narrowed else "", narrowed=_NARROWED if narrowed else "", behind=behind, order=order
        )
        for narrowed in (False, True)
    }


_SEARCH_NEWEST = _search(_BEFORE, "ambassador_id desc")
_SEARCH_BY_NAME = _search(_BEHIND, "name, ambassador_id")
_NAME_OF = "select name_folded from people where store_id = :store_id and ambassador_id = :after"
_NAMES = """
select a.ambassador_id as id, p.name from ambassadors a join people p on p.ambassador_id = a.ambassador_id
where a.store_id = :store_id and p.name is not null and a.ambassador_id = any(cast(:wanted as text[]))
union all
select c.code, p.name from codes c join people p on p.ambassador_id = c.ambassador_id
where c.store_id = :store_id and p.name is not null and c.code = any(cast(:wanted as text[]))
"""
_PERSON_FIELDS = tuple(field.name for field in fields(Ambassador))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An ambassador with what joining gave: the link's slug, the personal code, and the program's name."""

    ambassador: Ambassador
    slug: str
    code: str
    program_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which ambassadors a list shows. `search` is part of a name, an address, a code or an external id."""

    program_id: str | None = None
    external_id: str | None = None
    code: str | None = None
    group_name: str | None = None
    status: str | None = None
    search: str | None = None


class Found(NamedTuple):
    """Some of the ambassadors that a list shows, and how many it shows in all."""

    members: Sequence[Member]
    total: int


class Sorting(Protocol):
    """A way to list ambassadors: `newest` or `by_name`."""

    async def __call__(
        self, tx: Tx, store_id: str, chosen: Filter, after: str | None, /, *, limit: int
    ) -> Sequence[Member]:
        """So many of them, behind the one with this id."""


def _member(row: Row) -> Member:
    found = row._asdict()
    known = {name: found[name] for name in _PERSON_FIELDS}
    ambassador = Ambassador(**{**known, "contact_hashes": tuple(row.contact_hashes)})
    return Member(ambassador=ambassador, slug=row.slug or "", code=row.code or "", program_name=row.program_name or "")


async def get(tx: Tx, store_id: str, ambassador_id: str) -> Member | None:
    """One ambassador."""
    row = await tx.one_or_none(_ONE, store_id=store_id, ambassador_id=ambassador_id)
    return _member(row) if row else None


async def many(tx: Tx, store_id: str, ambassador_ids: Sequence[str]) -> dict[str, Member]:
    """Several ambassadors, by id."""
    rows = await tx.all(_MANY, store_id=store_id, ids=list(ambassador_ids)) if ambassador_ids else ()
    return {row.ambassador_id: _member(row) for row in rows}


async def newest(tx: Tx, store_id: str, chosen: Filter, before: str | None, *, limit: int) -> Sequence[Member]:
    """Ambassadors, the last who joined first, of those who joined before `before`."""
    if chosen.search:
        return (await _searched(tx, _SEARCH_NEWEST, store_id, chosen, limit, before=before)).members
    rows = await tx.all(_NEWEST, store_id=store_id, **_narrowed(chosen), before=before, limit=limit)
    return [_member(row) for row in rows]


async def by_name(tx: Tx, store_id: str, chosen: Filter, after: str | None, *, limit: int) -> Sequence[Member]:
    """Ambassadors by name, then id; `after` is the last one shown: names in cursors would stand in addresses."""
    behind = await _behind(tx, store_id, after)
    if chosen.search:
        return (await _searched(tx, _SEARCH_BY_NAME, store_id, chosen, limit, **behind)).members
    row = await tx.one(_BY_NAME, store_id=store_id, **_narrowed(chosen), **behind, limit=limit)
    return await _members(tx, store_id, row.ids)


async def page(
    tx: Tx, store_id: str, chosen: Filter, after: str | None, *, by: Literal["newest", "name"], limit: int
) -> Found:
    """Ambassadors in one of the two orders, behind the one with this id, and how many fit the filter in all."""
    if chosen.search and by == "name":
        behind = await _behind(tx, store_id, after)
        return await _searched(tx, _SEARCH_BY_NAME, store_id, chosen, limit, **behind)
    if chosen.search:
        return await _searched(tx, _SEARCH_NEWEST, store_id, chosen, limit, before=after)
    rows = await (by_name if by == "name" else newest)(tx, store_id, chosen, after, limit=limit)
    return Found(rows, int(await tx.scalar(_COUNT, store_id=store_id, **_narrowed(chosen))))


async def _behind(tx: Tx, store_id: str, after: str | None) -> dict[str, str | None]:
    name = await tx.scalar(_NAME_OF, store_id=store_id, after=after) if after else None
    return {"after": after, "after_name": name or ""}


async def _searched(
    tx: Tx, sql: Mapping[bool, str], store_id: str, chosen: Filter, limit: int, **place: str | None
) -> Found:
    narrowed = _narrowed(chosen)
    given = narrowed if any(value is not None for value in narrowed.values()) else {}
    row = await tx.one(sql[bool(given)], store_id=store_id, **given, search=chosen.search, **place, limit=limit)
    return Found(await _members(tx, store_id, row.ids), row.total)


async def _members(tx: Tx, store_id: str, ambassador_ids: Sequence[str]) -> list[Member]:
    """These ambassadors, in this order."""
    known = await many(tx, store_id, ambassador_ids)
    return [known[ambassador_id] for ambassador_id in ambassador_ids]


async def names(tx: Tx, store_id: str, wanted: Sequence[str]) -> dict[str, str]:
    """Names of the people behind ambassador ids and codes; who has no name is left out."""
    rows = await tx.all(_NAMES, store_id=store_id, wanted=list(wanted))
    return {row.id: row.name for row in rows}


def _narrowed(chosen: Filter) -> dict[str, str | None]:
    """What narrows a list beside the text that is searched for."""
    return {
        "program_id": chosen.program_id,
        "external_id": chosen.external_id,
        "group_name": chosen.group_name,
        "status": chosen.status,
        "code": chosen.code,
    }
