"""Rows of stores' own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx
from services.links.notices.domain.occasions import Words

_FIELDS = "occasion, language, subject, body, label, changed_at"
_ONE = f"""
select {_FIELDS} from notice_templates
where store_id = :store_id and occasion = :occasion and language = :language
"""  # noqa: S608  # our own words
_ALL = f"select {_FIELDS} from notice_templates where store_id = :store_id order by occasion, language"  # noqa: S608
_PUT = """
insert into notice_templates (store_id, occasion, language, subject, body, label, changed_at)
values (:store_id, :occasion, :language, :subject, :body, :label, :now)
on conflict (store_id, occasion, language) do update set subject = excluded.subject, body = excluded.body,
  label = excluded.label, changed_at = excluded.changed_at
"""
_DELETE = """
delete from notice_templates where store_id = :store_id and occasion = :occasion and language = :language
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A store's words for an occasion in a language."""

    occasion: str
    language: str
    words: Words
    changed_at: datetime


def _template(row: Row) -> Template:
    words = Words(subject=row.subject, body=row.body, label=row.label)
    return Template(occasion=row.occasion, language=row.language, words=words, changed_at=row.changed_at)


async def one(tx: Tx, store_id: str, occasion: str, language: str) -> Template | None:
    """The store's own words, if it wrote some."""
    row = await tx.one_or_none(_ONE, store_id=store_id, occasion=occasion, language=language)
    return _template(row) if row else None


async def every(tx: Tx, store_id: str) -> Sequence[Template]:
    """All that a store wrote."""
    return [_template(row) for row in await tx.all(_ALL, store_id=store_id)]


async def put(tx: Tx, store_id: str, occasion: str, language: str, words: Words) -> None:
    """Keeps a store's words."""
    await tx.execute(
        _PUT,
        store_id=store_id,
        occasion=occasion,
        language=language,
        subject=words.subject,
        body=words.body,
        label=words.label,
        now=tx.now,
    )


async def delete(tx: Tx, store_id: str, occasion: str, language: str) -> bool:
    """Goes back to our words; False if the store had none."""
    return await tx.execute(_DELETE, store_id=store_id, occasion=occasion, language=language) > 0
