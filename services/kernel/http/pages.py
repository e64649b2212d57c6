"""Lists: pages of a cursor, and the same rows as CSV for people with a spreadsheet."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.kernel.http import cursor

__all__ = ["MAX_LIMIT", "Cursor", "Limit", "Page", "csv_response", "csv_text", "cursor", "page_of"]

T = TypeVar("T")
Row = TypeVar("Row")

MAX_LIMIT: Final = 200
_FORMULA = re.compile(r"^\s*[=+\-@\t\r\n\0＝＋－＠]")
_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows on a page.")]
"""Query parameter; give it a default of 50."""
Cursor = Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before.")]
"""Query parameter; its default is None."""


class Page(BaseModel, Generic[T]):
    """Some rows, and where to go on."""

    data: list[T]
    next_cursor: str | None = Field(None, description="Pass it as `cursor` for the next page; null on the last.")


def page_of(
    rows: Sequence[Row], limit: int, *, show: Callable[[Row], T], after: Callable[[Row], tuple[cursor.Value, ...]]
) -> Page[T]:
    """A page from up to `limit + 1` rows: the one too many tells that there is more, and is not shown.

    `after` gives the sort keys of a row, in the order in which `cursor.decode` will expect them.
    """
    shown = rows[:limit]
    more = cursor.encode(*after(shown[-1])) if len(rows) > limit and shown else None
    return Page[T](data=[show(row) for row in shown], next_cursor=more)


def csv_response(
    rows: Iterable[Mapping[str, object] | Sequence[object]],
    columns: Mapping[str, str] | Sequence[str],
    *,
    filename: str,
) -> Response:
    """A download. `columns` maps keys of a row to headings (or lists keys that are their own headings)."""
    name = _FILE_NAME.sub("-", filename.removesuffix(".csv")).strip("-.") or "export"
    return Response(
        csv_text(rows, columns),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "private, no-store"},
    )


def csv_text(
    rows: Iterable[Mapping[str, object] | Sequence[object]], columns: Mapping[str, str] | Sequence[str]
) -> str:
    """RFC 4180 text, guarded against formulas. A mark of byte order comes first only where spreadsheets need it: when
    something is not ASCII.
    """
    headings = dict(columns) if isinstance(columns, Mapping) else {name: name for name in columns}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(heading) for heading in headings.values()])
    for row in rows:
        values = (row.get(key) for key in headings) if isinstance(row, Mapping) else row
        writer.writerow([_cell(value) for value in values])
    text = out.getvalue()
    return text if text.isascii() else "\ufeff" + text


def _cell(value: object) -> str:
    """What a spreadsheet may show but never run: text that starts like a formula gets a quote in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) else text
