"""Rows of materials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.kernel.db import Row, Tx
from services.links.materials.domain import Kind

_FIELDS = "material_id, store_id, program_id, kind, language, title, body, width, height, created_at, updated_at"
_SELECT = f"""
select {", ".join(f"m.{name}" for name in _FIELDS.split(", "))}, coalesce(d.views, 0) as views,
  coalesce(d.clicks, 0) as clicks
from materials m left join lateral (
  select cast(sum(views) as bigint) as views, cast(sum(clicks) as bigint) as clicks from material_days
  where store_id = m.store_id and material_id = m.material_id
) d on true
where m.store_id = :store_id and m.deleted_at is null
"""  # noqa: S608  # our own words
_GET = f"{_SELECT} and m.material_id = :material_id"
_LIST = f"""{_SELECT} and (cast(:program_id as text) is null or m.program_id = :program_id)
  and (cast(:kind as text) is null or m.kind = :kind)
  and (cast(:language as text) is null or m.language = :language or m.language is null)
  and (cast(:before as text) is null or m.material_id < :before)
order by m.material_id desc limit :limit
"""
_COUNT = """
select count(*) from materials where store_id = :store_id and program_id = :program_id and deleted_at is null
"""
_INSERT = f"""
insert into materials ({_FIELDS}) values (:material_id, :store_id, :program_id, :kind, :language, :title, :body,
  :width, :height, :created_at, :updated_at)
"""  # noqa: S608
_FIND = "insert into directory (kind, key, store_id, id) values ('material', :material_id, :store_id, :material_id)"
_WHERE = "select store_id from directory where kind = 'material' and key = :material_id"
_UPDATE = """
update materials set language = :language, title = :title, body = :body, width = :width, height = :height,
  updated_at = :updated_at where store_id = :store_id and material_id = :material_id and deleted_at is null
"""
_DELETE = """
update materials set deleted_at = :now where store_id = :store_id and material_id = :material_id and deleted_at is null
"""
_DROP_PICTURE = "delete from material_pictures where store_id = :store_id and material_id = :material_id"
_PUT_PICTURE = """
insert into material_pictures (material_id, store_id, picture) values (:material_id, :store_id, :picture)
on conflict (material_id) do update set picture = excluded.picture
"""
_PICTURE = "select picture from material_pictures where store_id = :store_id and material_id = :material_id"
_ADD_COUNTS = """
insert into material_days (store_id, material_id, day, views, clicks)
select * from unnest(cast(:stores as text[]), cast(:materials as text[]), cast(:days as date[]),
  cast(:views as bigint[]), cast(:clicks as bigint[])) order by 1, 2, 3
on conflict (store_id, material_id, day) do update set views = material_days.views + excluded.views,
  clicks = material_days.clicks + excluded.clicks
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A material. Without a `language` it is for readers of every one; `views` of pictures, `clicks` on its links."""

    material_id: str
    store_id: str
    program_id: str
    kind: Kind
    language: str | None
    title: str
    body: str
    width: int | None
    height: int | None
    created_at: datetime
    updated_at: datetime
    views: int = 0
    clicks: int = 0


def _material(row: Row) -> Material:
    return Material(**row._asdict())


def _values(material: Material) -> dict[str, object]:
    return {name: getattr(material, name) for name in _FIELDS.split(", ")}


async def insert(tx: Tx, material: Material, picture: bytes | None) -> None:
    """Adds one, and makes it known to addresses that name it alone."""
    await tx.execute(_INSERT, **_values(material))
    await tx.execute(_FIND, material_id=material.material_id, store_id=material.store_id)
    await _put_picture(tx, material, picture)


async def update(tx: Tx, material: Material, picture: bytes | None) -> None:
    """Writes what changed, and a new picture where there is one."""
    values = _values(material)
    for name in ("program_id", "kind", "created_at"):
        del values[name]
    await tx.execute(_UPDATE, **values)
    await _put_picture(tx, material, picture)


async def _put_picture(tx: Tx, material: Material, picture: bytes | None) -> None:
    if picture is not None:
        await tx.execute(_PUT_PICTURE, material_id=material.material_id, store_id=material.store_id, picture=picture)


async def delete(tx: Tx, store_id: str, material_id: str) -> None:
    """Takes it out of every list; its picture goes, its links lead on."""
    await tx.execute(_DELETE, store_id=store_id, material_id=material_id, now=tx.now)
    await tx.execute(_DROP_PICTURE, store_id=store_id, material_id=material_id)


async def get(tx: Tx, store_id: str, material_id: str) -> Material | None:
    """One that was not deleted."""
    row = await tx.one_or_none(_GET, store_id=store_id, material_id=material_id)
    return _material(row) if row else None


async def page(
    tx: Tx,
    store_id: str,
    *,
    program_id: str | None = None,
    kind: str | None = None,
    language: str | None = None,
    before: str | None = None,
    limit: int,
) -> Sequence[Material]:
    """Materials, youngest first; with a `language`, those in it and those for readers of every one."""
    rows = await tx.all(
        _LIST,
        store_id=store_id,
        program_id=program_id,
        kind=kind,
        language=language,
        before=before,
        limit=limit,
    )
    return [_material(row) for row in rows]


async def count(tx: Tx, store_id: str, program_id: str) -> int:
    """How many a program has."""
    return int(await tx.scalar(_COUNT, store_id=store_id, program_id=program_id))


async def store_of(tx: Tx, material_id: str) -> str | None:
    """Whose material it is, for addresses that name it alone."""
    found = await tx.scalar(_WHERE, material_id=material_id)
    return None if found is None else str(found)


async def picture(tx: Tx, store_id: str, material_id: str) -> bytes | None:
    """The picture as WebP."""
    found = await tx.scalar(_PICTURE, store_id=store_id, material_id=material_id)
    return None if found is None else bytes(found)


async def add_counts(tx: Tx, counted: Mapping[tuple[str, str, date], tuple[int, int]]) -> None:
    """Adds views and clicks, by store, material and day. The transaction must see the stores."""
    keys = sorted(counted)
    await tx.execute(
        _ADD_COUNTS,
        stores=[key[0] for key in keys],
        materials=[key[1] for key in keys],
        days=[key[2] for key in keys],
        views=[counted[key][0] for key in keys],
        clicks=[counted[key][1] for key in keys],
    )
