"""What of a poll's finding nobody had told. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.connectors.inbox.domain.marks import ORDER, Said
from services.connectors.polls.domain import Kind


class Telling(NamedTuple):
    """One telling of an order: a delivery, or what a poll found before."""

    marks: tuple[str, ...] | None
    """None where nobody has marked it: it was read by a version of before."""
    as_of: datetime | None
    """As of when it was true, by the platform's clock."""
    came_at: datetime
    """When it came, by the same clock."""


class News(NamedTuple):
    """What nobody had told of an order."""

    kind: Kind
    marks: tuple[str, ...]


def news(said: Said, tellings: Sequence[Telling]) -> News | None:
    """What of this nobody had told; None if all of it is known, or older than what is."""
    marks = tuple(mark for mark in said.marks if not _told(mark, said.as_of, tellings))
    if not marks:
        return None
    return News("changed" if tellings else "missed", marks)


def joined(said: Said, before: Telling | None) -> Said:
    """What is known of an order by polls alone, with what one finds now: its newest figures, and all its refunds."""
    if before is None or before.marks is None:
        return said
    stale = said.as_of is not None and before.as_of is not None and said.as_of < before.as_of
    newest, other = (before.marks, said.marks) if stale else (said.marks, before.marks)
    has_order = any(mark.startswith(ORDER) for mark in newest)
    kept = [mark for mark in other if not (has_order and mark.startswith(ORDER))]
    moments = [at for at in (said.as_of, before.as_of) if at is not None]
    return Said(tuple(dict.fromkeys((*newest, *kept))), max(moments, default=None))


def _told(mark: str, as_of: datetime | None, tellings: Sequence[Telling]) -> bool:
    if any(one.marks is None and as_of is not None and one.came_at >= as_of for one in tellings):
        return True
    marked = [one for one in tellings if one.marks is not None]
    if not mark.startswith(ORDER):
        return any(mark in (one.marks or ()) for one in marked)
    # Of figures the newest hold: an order that went back to what it was says so only if that was told last.
    orders = [one for one in marked if any(said.startswith(ORDER) for said in one.marks or ())]
    dated = [one.as_of for one in orders if one.as_of is not None]
    if as_of is None or not dated:
        return any(mark in (one.marks or ()) for one in orders)
    newest = max(dated)
    return newest > as_of or any(mark in (one.marks or ()) for one in orders if one.as_of == newest)
