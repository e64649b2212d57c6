"""Codes' rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx

_INSERT = """
insert into codes (code_id, store_id, code, program_id, ambassador_id, max_uses, expires_at, retired, created_at,
  revision, split)
values (:code_id, :store_id, :code, :program_id, :ambassador_id, :max_uses, :expires_at, false, :created_at, :revision,
  :split)
on conflict (store_id, code) do nothing returning code_id
"""
_INSERT_ALL = """
insert into codes (code_id, store_id, code, program_id, ambassador_id, retired, created_at, revision)
select i, :store_id, c, p, a, false, :now, 1 from unnest(cast(:code_id as text[]), cast(:code as text[]),
  cast(:program_id as text[]), cast(:ambassador_id as text[])) as t(i, c, p, a) order by c, i
on conflict (store_id, code) do nothing returning code_id
"""
_UPDATE = """
update codes set max_uses = :max_uses, expires_at = :expires_at, retired = :retired, revision = :revision
where store_id = :store_id and code_id = :code_id
"""
_GET = """
select code_id, store_id, code, program_id, ambassador_id, max_uses, expires_at, retired, created_at, revision,
  split
from codes where store_id = :store_id and code_id = :code_id
"""
_BY_CODE = """
select code_id, store_id, code, program_id, ambassador_id, max_uses, expires_at, retired, created_at, revision,
  split
from codes where store_id = :store_id and code = :code
"""
_LIST = """
select code_id, store_id, code, program_id, ambassador_id, max_uses, expires_at, retired, created_at, revision,
  split
from codes
where store_id = :store_id
  and (cast(:before as text) is null or code_id < :before)
  and (cast(:ambassador_id as text) is null or ambassador_id = :ambassador_id)
  and (cast(:program_id as text) is null or program_id = :program_id)
order by code_id desc limit :limit
"""

_SPLIT = """
select code_id, store_id, code, program_id, ambassador_id, max_uses, expires_at, retired, created_at, revision,
  split
from codes
where store_id = :store_id and ambassador_id = :ambassador_id and split = :split and not retired
  and max_uses is null and expires_at is null
order by code_id limit 1
"""
_CALLED = """
select code_id as id, code from codes where store_id = :store_id and code_id = any(cast(:ids as text[]))
"""
_IDS_OF = """
select code_id from codes where store_id = :store_id and ambassador_id = :ambassador_id and not retired
order by code_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A promo code in its folded form. Without an ambassador it belongs to its program alone."""

    code_id: str
    store_id: str
    code: str
    program_id: str
    ambassador_id: str | None = None
    max_uses: int | None = None
    expires_at: datetime | None = None
    retired: bool = False
    created_at: datetime
    revision: int
    split: int | None = None
    """The ambassador's part of the reward in basis points; None: as the program has it."""


def _code(row: Row) -> Code:
    return Code(**row._asdict())


async def insert(tx: Tx, code: Code) -> bool:
    """Adds a code; False when the store has one of this spelling, be it retired."""
    row = await tx.one_or_none(
        _INSERT,
        code_id=code.code_id,
        store_id=code.store_id,
        code=code.code,
        program_id=code.program_id,
        ambassador_id=code.ambassador_id,
        max_uses=code.max_uses,
        expires_at=code.expires_at,
        created_at=code.created_at,
        revision=code.revision,
        split=code.split,
    )
    return row is not None


async def insert_all(tx: Tx, store_id: str, codes: Sequence[Code]) -> set[str]:
    """Adds personal codes without limits; returns the ids of those whose spelling was free. In one statement."""
    columns = ("code_id", "code", "program_id", "ambassador_id")
    rows = await tx.all(
        _INSERT_ALL, store_id=store_id, now=tx.now, **{name: [getattr(c, name) for c in codes] for name in columns}
    )
    return {row.code_id for row in rows}


async def update(tx: Tx, code: Code) -> None:
    """Writes what may change of a code."""
    await tx.execute(
        _UPDATE,
        code_id=code.code_id,
        store_id=code.store_id,
        max_uses=code.max_uses,
        expires_at=code.expires_at,
        retired=code.retired,
        revision=code.revision,
    )


async def get(tx: Tx, store_id: str, code_id: str, *, lock: bool = False) -> Code | None:
    """One code by its id."""
    row = await tx.one_or_none(_GET + (" for update" if lock else ""), store_id=store_id, code_id=code_id)
    return _code(row) if row else None


async def by_code(tx: Tx, store_id: str, code: str) -> Code | None:
    """One code by its folded spelling."""
    row = await tx.one_or_none(_BY_CODE, store_id=store_id, code=code)
    return _code(row) if row else None


async def with_split(tx: Tx, store_id: str, ambassador_id: str, split: int) -> Code | None:
    """The ambassador's code without limits that carries this split."""
    row = await tx.one_or_none(_SPLIT, store_id=store_id, ambassador_id=ambassador_id, split=split)
    return _code(row) if row else None


async def ids_of(tx: Tx, store_id: str, ambassador_id: str) -> list[str]:
    """Ids of an ambassador's codes that are not retired."""
    return [row.code_id for row in await tx.all(_IDS_OF, store_id=store_id, ambassador_id=ambassador_id)]


async def called(tx: Tx, store_id: str, code_ids: Iterable[str]) -> dict[str, str]:
    """What these codes are."""
    rows = await tx.all(_CALLED, store_id=store_id, ids=list(code_ids))
    return {row.id: row.code for row in rows}


async def page(
    tx: Tx,
    store_id: str,
    *,
    before: str | None = None,
    ambassador_id: str | None = None,
    program_id: str | None = None,
    limit: int,
) -> Sequence[Code]:
    """The store's codes, youngest first, of those older than `before`."""
    rows = await tx.all(
        _LIST, store_id=store_id, before=before, ambassador_id=ambassador_id, program_id=program_id, limit=limit
    )
    return [_code(row) for row in rows]
