"""Lists: pages of a cursor, and the same rows as CSV for people with a spreadsheet."""

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Generic, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from services.kernel.http import cursor

__all__ = [
    "MAX_LIMIT",
    "Cursor",
    "Limit",
    "Page",
    "csv_download",
    "csv_response",
    "csv_text",
    "cursor",
    "page_of",
    "page_or_csv",
]

T = TypeVar("T")
Row = TypeVar("Row")
Key = TypeVar("Key")
Keys = TypeVar("Keys", bound=tuple[cursor.Value, ...])
Shown = TypeVar("Shown", bound=BaseModel)
Cells = Mapping[str, object] | Sequence[object]
"""A row of a spreadsheet, by column or in their order."""
Columns = Mapping[str, str] | Sequence[str]
"""Headings by the keys of a row, or keys that are their own headings."""

MAX_LIMIT: Final = 200
AT_ONCE: Final = 1000
"""Rows of a download that are read, and sent, together."""
_FORMULA = re.compile(r"^(?=[\t\r\n])|(?:^|[;\t\r\n])(?=\s*[=+\-@＝＋－＠])")
"""Where a formula could begin: at the start of a cell, and behind what some spreadsheets take for the cell's end."""
_BYTE_ORDER = "\ufeff"
_MEDIA_TYPE = "text/csv; charset=utf-8"
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
    """A page from up to `limit + 1` rows: the one too many says that there is more, and is not shown.

    `after` gives the sort keys of a row, in the order in which `cursor.decode` will expect them.
    """
    shown = rows[:limit]
    more = cursor.encode(*after(shown[-1])) if len(rows) > limit and shown else None
    return Page[T](data=[show(row) for row in shown], next_cursor=more)


async def page_or_csv(
    fetch: Callable[[Keys | None, int], Awaitable[Sequence[Row]]],
    *,
    format: Literal["json", "csv"],
    start: Keys | None,
    limit: int,
    after: Callable[[Row], Keys],
    show: Callable[[Row], Shown],
    columns: Columns,
    filename: str,
    cells: Callable[[Shown], Cells] = BaseModel.model_dump,
) -> Page[Shown] | Response:
    """What a list answers: a page behind `start`, or all that is there as a spreadsheet. `cells` makes its rows."""
    if format == "csv":
        return await csv_download(
            fetch, after=after, show=lambda row: cells(show(row)), columns=columns, filename=filename, start=start
        )
    return page_of(await fetch(start, limit + 1), limit, show=show, after=after)


async def csv_download(
    fetch: Callable[[Key | None, int], Awaitable[Sequence[Row]]],
    *,
    after: Callable[[Row], Key],
    show: Callable[[Row], Cells],
    columns: Columns,
    filename: str,
    start: Key | None = None,
) -> Response:
    """A download of all rows, however many there are: read by `fetch` page after page, and sent as they come.

    `fetch` gives up to so many rows behind a row's sort keys, which are in `after`. Raises what it raises for the first
    page; if a later one fails the download breaks off, and its reader sees that it did.
    """
    first = await fetch(start, AT_ONCE)

    async def parts() -> AsyncIterator[str]:
        rows = first
        begun = csv_text([show(row) for row in rows], columns)
        # What is not ASCII may yet come.
        yield begun if len(rows) < AT_ONCE or begun.startswith(_BYTE_ORDER) else _BYTE_ORDER + begun
        while len(rows) == AT_ONCE:
            rows = await fetch(after(rows[-1]), AT_ONCE)
            yield _lines([show(row) for row in rows], columns)

    return StreamingResponse(parts(), media_type=_MEDIA_TYPE, headers=_headers(filename))


def csv_response(rows: Iterable[Cells], columns: Columns, *, filename: str) -> Response:
    """A download of rows that are all there."""
    return Response(csv_text(rows, columns), media_type=_MEDIA_TYPE, headers=_headers(filename))


def csv_text(rows: Iterable[Cells], columns: Columns) -> str:
    """RFC 4180 text, guarded against formulas. A mark of byte order comes first only where spreadsheets need it: when
    something is not ASCII.
    """
    headings = columns.values() if isinstance(columns, Mapping) else columns
    text = _lines([tuple(headings)], columns) + _lines(rows, columns)
    return text if text.isascii() else _BYTE_ORDER + text


def _headers(filename: str) -> dict[str, str]:
    name = _FILE_NAME.sub("-", filename.removesuffix(".csv")).strip("-.") or "export"
    return {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "private, no-store"}


def _lines(rows: Iterable[Cells], columns: Columns) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        values = (row.get(key) for key in columns) if isinstance(row, Mapping) else row
        writer.writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: object) -> str:
    """What a spreadsheet may show but never run: a quote stands in front of every place that could start a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return _FORMULA.sub(r"\g<0>'", str(value).replace("\0", ""))
