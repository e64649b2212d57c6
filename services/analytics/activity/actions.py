"""Reads a page of activity: so many lines, whatever many notes they fold."""

from datetime import datetime
from typing import Final

from services.analytics.activity import sql
from services.analytics.activity.domain import Line, Note, fold
from services.analytics.activity.sql import Filter
from services.kernel.db import Tx

_SLICE: Final = 500
_MOST: Final = 5_000
"""Notes that one page reads: a line that folds more goes on where the next page begins."""

Place = tuple[datetime, str]
"""Moment and id of a note."""


async def lines(
    tx: Tx, store_id: str, wanted: Filter, *, before: Place | None, count: int, folded: bool
) -> tuple[list[Line], Place | None]:
    """The next lines, and the place from which the page after them goes on. The transaction must see the store's notes
    and those of all stores.
    """
    size = _SLICE if folded else count + 1
    read: list[Note] = []
    found: list[Line] = []
    while len(found) <= count and len(read) < _MOST:
        notes = await sql.page(tx, store_id, wanted, before=_place(read[-1]) if read else before, count=size)
        read += notes
        found = fold(read) if folded else [Line(note) for note in read]
        if len(notes) < size:
            break
    else:
        if len(found) <= count:
            return found, _place(read[-1])
    if len(found) <= count:
        return found, None
    # A page is all that is newer than the first line that has no room.
    shown = read[: read.index(found[count].note)]
    return (fold(shown) if folded else [Line(note) for note in shown]), _place(shown[-1])


def _place(note: Note) -> Place:
    return note.at, note.audit_id
