"""Reading ambassadors together with their first link and personal code: one by one, as lists, and as names alone."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from services.kernel.db import Row, Tx
from services.links.people.store import Ambassador

_SELECT = """
select a.ambassador_id, a.store_id, a.program_id, a.external_id, a.status, a.group_name, a.sponsor_id, a.locale,
  a.contact_hashes, a.link_id, a.code_id, a.created_at, a.revision, p.name, p.email, p.phone,
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
_FILTER = (
    _SELECT
    + """
  and (cast(:program_id as text) is null or a.program_id = :program_id)
  and (cast(:external_id as text) is null or a.external_id = :external_id)
  and (cast(:group_name as text) is null or a.group_name = :group_name)
  and (cast(:code as text) is null or exists (
    select from codes own where own.store_id = a.store_id and own.code = :code and own.ambassador_id = a.ambassador_id))
  and (cast(:search as text) is null or p.name ilike :search or p.email ilike :search or c.code ilike :search
    or a.external_id ilike :search)
"""
)
_NEWEST = (
    _FILTER
    + """
  and (cast(:before as text) is null or a.ambassador_id < :before)
order by a.ambassador_id desc limit :limit
"""
)
_BY_NAME = (
    _FILTER
    + """
  and (cast(:after as text) is null
    or (coalesce(lower(p.name), ''), a.ambassador_id) > (cast(:after_name as text), cast(:after as text)))
order by coalesce(lower(p.name), ''), a.ambassador_id limit :limit
"""
)
_NAME_OF = "select lower(name) from people where store_id = :store_id and ambassador_id = :after"
_COUNT = """
select count(*) from ambassadors a
left join people p on p.ambassador_id = a.ambassador_id
left join codes c on c.code_id = a.code_id
where a.store_id = :store_id
  and (cast(:program_id as text) is null or a.program_id = :program_id)
  and (cast(:search as text) is null or p.name ilike :search or p.email ilike :search or c.code ilike :search
    or a.external_id ilike :search)
"""
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
    search: str | None = None

    @property
    def pattern(self) -> str | None:
        """The search as a LIKE pattern, its own wildcards taken literally."""
        if not self.search:
            return None
        escaped = self.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%"


class Order(Protocol):
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
    rows = await tx.all(_NEWEST, **_parameters(store_id, chosen), before=before, limit=limit)
    return [_member(row) for row in rows]


async def by_name(tx: Tx, store_id: str, chosen: Filter, after: str | None, *, limit: int) -> Sequence[Member]:
    """Ambassadors by name, then id; `after` is the last one shown: names in cursors would stand in addresses."""
    name = await tx.scalar(_NAME_OF, store_id=store_id, after=after) if after else None
    rows = await tx.all(_BY_NAME, **_parameters(store_id, chosen), after=after, after_name=name or "", limit=limit)
    return [_member(row) for row in rows]


async def count(tx: Tx, store_id: str, chosen: Filter) -> int:
    """How many ambassadors a search finds."""
    found = await tx.scalar(_COUNT, store_id=store_id, program_id=chosen.program_id, search=chosen.pattern)
    return int(found)


async def names(tx: Tx, store_id: str, wanted: Sequence[str]) -> dict[str, str]:
    """Names of the people behind ambassador ids and codes; who has no name is left out."""
    rows = await tx.all(_NAMES, store_id=store_id, wanted=list(wanted))
    return {row.id: row.name for row in rows}


def _parameters(store_id: str, chosen: Filter) -> dict[str, object]:
    return {
        "store_id": store_id,
        "program_id": chosen.program_id,
        "external_id": chosen.external_id,
        "group_name": chosen.group_name,
        "code": chosen.code,
        "search": chosen.pattern,
    }
