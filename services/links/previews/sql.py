"""Rows of preview pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Tx

_LIST = """
select language, digest, octet_length(picture) as size, updated_at from preview_pictures
where store_id = :store_id and program_id = :program_id order by language
"""
_PICTURE = """
select picture from preview_pictures
where store_id = :store_id and program_id = :program_id and language = :language
"""
_PUT = """
insert into preview_pictures (store_id, program_id, language, picture, digest, updated_at)
values (:store_id, :program_id, :language, :picture, :digest, :now)
on conflict (store_id, program_id, language) do update set picture = excluded.picture, digest = excluded.digest,
  updated_at = excluded.updated_at
"""
_DROP = """
delete from preview_pictures where store_id = :store_id and program_id = :program_id and language = :language
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A picture of the store's own, without its bytes; `size` is how many there are."""

    language: str
    digest: str
    size: int
    updated_at: datetime


async def listed(tx: Tx, store_id: str, program_id: str) -> Sequence[Own]:
    """Those of a program."""
    return [Own(**row._asdict()) for row in await tx.all(_LIST, store_id=store_id, program_id=program_id)]


async def picture(tx: Tx, store_id: str, program_id: str, language: str) -> bytes | None:
    """One as JPEG; None where there is none."""
    found = await tx.scalar(_PICTURE, store_id=store_id, program_id=program_id, language=language)
    return None if found is None else bytes(found)


async def put(tx: Tx, store_id: str, program_id: str, language: str, picture: bytes, digest: str) -> None:
    """Writes one."""
    await tx.execute(
        _PUT,
        store_id=store_id,
        program_id=program_id,
        language=language,
        picture=picture,
        digest=digest,
        now=tx.now,
    )


async def drop(tx: Tx, store_id: str, program_id: str, language: str) -> bool:
    """Takes one away; False if there was none."""
    return await tx.execute(_DROP, store_id=store_id, program_id=program_id, language=language) > 0
