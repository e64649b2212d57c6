"""Programs' rows: the newest version's head for lists, and every version whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.program import Program
from services.kernel.db import Row, Tx
from services.links.budgets.sql import EXHAUSTED
from services.links.programs.domain.budget import without_money

_INSERT = """
insert into programs (program_id, store_id, version, name, status, rank, landing_url, created_at, updated_at)
values (:program_id, :store_id, :version, :name, :status, :rank, :landing_url, :at, :at)
"""
_FIND = "insert into directory (kind, key, store_id, id) values ('program', :program_id, :store_id, :program_id)"
_WHERE = "select store_id from directory where kind = 'program' and key = :program_id"
_ONLY = """
select store_id from directory where kind = 'program' group by store_id order by store_id limit 2
"""
_UPDATE = """
update programs set version = :version, name = :name, status = :status, rank = :rank, landing_url = :landing_url,
  updated_at = :at
where program_id = :program_id and store_id = :store_id
"""
_ADD_VERSION = """
insert into program_versions (program_id, version, store_id, definition, published_at)
values (:program_id, :version, :store_id, cast(:definition as jsonb), :at)
"""
_LOCK = "select version from programs where store_id = :store_id and program_id = :program_id for update"
_NEWEST = f"""
select v.program_id, v.store_id, v.version, cast(v.definition as text) as definition, v.published_at, p.created_at,
  {EXHAUSTED} as exhausted
from programs p join program_versions v on v.program_id = p.program_id and v.version = p.version
where p.store_id = :store_id and p.program_id = :program_id
"""  # noqa: S608  # a text of ours
_AT_VERSION = f"""
select v.program_id, v.store_id, v.version, cast(v.definition as text) as definition, v.published_at, p.created_at,
  {EXHAUSTED} as exhausted
from programs p join program_versions v on v.program_id = p.program_id
where p.store_id = :store_id and p.program_id = :program_id and v.version = :version
"""  # noqa: S608  # a text of ours
_LIST = f"""
select v.program_id, v.store_id, v.version, cast(v.definition as text) as definition, v.published_at, p.created_at,
  {EXHAUSTED} as exhausted
from programs p join program_versions v on v.program_id = p.program_id and v.version = p.version
where p.store_id = :store_id and (cast(:before as text) is null or p.program_id < :before)
order by p.program_id desc limit :limit
"""  # noqa: S608  # a text of ours
_NAMES = "select program_id, name, status from programs where store_id = :store_id order by program_id desc"
_USED_UP = f"""
select p.program_id, p.name, p.status from programs p
where p.store_id = :store_id and p.status = 'active' and {EXHAUSTED} order by p.program_id
"""  # noqa: S608  # a text of ours
_VERSIONS = f"""
select v.program_id, v.store_id, v.version, cast(v.definition as text) as definition, v.published_at, p.created_at,
  {EXHAUSTED} as exhausted
from programs p join program_versions v on v.program_id = p.program_id
where p.store_id = :store_id and p.program_id = :program_id
  and (cast(:before as int) is null or v.version < :before)
order by v.version desc limit :limit
"""  # noqa: S608  # a text of ours
_TERMS_BEFORE = """
select definition->'joining'->'terms'->>'version' from program_versions
where store_id = :store_id and program_id = :program_id and version < :version
  and definition->'joining'->'terms'->>'version' is not null
order by version desc limit 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a program, as it was published."""

    program_id: str
    store_id: str
    version: int
    program: Program
    published_at: datetime
    created_at: datetime
    """When the program's first version was written."""
    exhausted: bool = False
    """Whether the program's budget is used up, as far as was reported."""

    @property
    def offered(self) -> Program:
        """The program as pages may promise it now."""
        return without_money(self.program) if self.exhausted else self.program


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a program is called in its newest version, and whether it runs."""

    program_id: str
    name: str
    status: str


def _version(row: Row) -> Version:
    return Version(
        program_id=row.program_id,
        store_id=row.store_id,
        version=row.version,
        program=Program.model_validate_json(row.definition, extra="ignore"),
        published_at=row.published_at,
        created_at=row.created_at,
        exhausted=row.exhausted,
    )


async def save(tx: Tx, version: Version) -> None:
    """Adds a version and makes it the newest."""
    head = {
        "program_id": version.program_id,
        "store_id": version.store_id,
        "version": version.version,
        "name": version.program.name,
        "status": version.program.status,
        "rank": version.program.rank,
        "landing_url": str(version.program.landing_url),
        "at": version.published_at,
    }
    await tx.execute(_INSERT if version.version == 1 else _UPDATE, **head)
    if version.version == 1:
        await tx.execute(_FIND, program_id=version.program_id, store_id=version.store_id)
    await tx.execute(
        _ADD_VERSION,
        program_id=version.program_id,
        version=version.version,
        store_id=version.store_id,
        definition=version.program.model_dump_json(),
        at=version.published_at,
    )


async def get(
    tx: Tx, store_id: str, program_id: str, *, version: int | None = None, lock: bool = False
) -> Version | None:
    """The newest version, or a given one; with `lock`, nobody else publishes one before the end of the transaction."""
    if lock:
        await tx.execute(_LOCK, store_id=store_id, program_id=program_id)
    if version is None:
        row = await tx.one_or_none(_NEWEST, store_id=store_id, program_id=program_id)
    else:
        row = await tx.one_or_none(_AT_VERSION, store_id=store_id, program_id=program_id, version=version)
    return _version(row) if row else None


async def terms_before(tx: Tx, store_id: str, program_id: str, version: int) -> str | None:
    """The version of the terms that held last before a version of the program; None if there were none ever."""
    found = await tx.scalar(_TERMS_BEFORE, store_id=store_id, program_id=program_id, version=version)
    return None if found is None else str(found)


async def store_of(tx: Tx, program_id: str) -> str | None:
    """Whose program this is, for pages that are opened by its id alone."""
    found = await tx.scalar(_WHERE, program_id=program_id)
    return None if found is None else str(found)


async def only_store(tx: Tx) -> str | None:
    """The store that has programs here, if it is the only one."""
    rows = await tx.all(_ONLY)
    return str(rows[0].store_id) if len(rows) == 1 else None


async def page(tx: Tx, store_id: str, *, before: str | None, limit: int) -> list[Version]:
    """Newest versions of the store's programs, youngest program first, of those older than `before`."""
    return [_version(row) for row in await tx.all(_LIST, store_id=store_id, before=before, limit=limit)]


async def names(tx: Tx, store_id: str) -> list[Named]:
    """All programs of a store for somebody to choose from, youngest first."""
    return [
        Named(program_id=row.program_id, name=row.name, status=row.status)
        for row in await tx.all(_NAMES, store_id=store_id)
    ]


async def used_up(tx: Tx, store_id: str) -> list[Named]:
    """Programs that run, and whose budget is used up."""
    rows = await tx.all(_USED_UP, store_id=store_id)
    return [Named(program_id=row.program_id, name=row.name, status=row.status) for row in rows]


async def versions(tx: Tx, store_id: str, program_id: str, *, before: int | None, limit: int) -> Sequence[Version]:
    """Versions of a program, newest first, of those before a number."""
    rows = await tx.all(_VERSIONS, store_id=store_id, program_id=program_id, before=before, limit=limit)
    return [_version(row) for row in rows]
