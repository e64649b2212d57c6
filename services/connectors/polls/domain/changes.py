"""What of a poll's finding nobody had reported. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.connectors.inbox.domain.marks import ORDER, ReportMarks
from services.connectors.polls.domain import Kind


class EarlierReport(NamedTuple):
    """One report of an order: a delivery, or what a poll found before."""

    marks: tuple[str, ...] | None
    """None where nobody has marked it: it was read by a version of before."""
    as_of: datetime | None
    """As of when it was true, by the platform's clock."""
    came_at: datetime
    """When it came, by the same clock."""


class Change(NamedTuple):
    """What nobody had reported of an order."""

    kind: Kind
    marks: tuple[str, ...]


def change_since(found: ReportMarks, earlier: Sequence[EarlierReport]) -> Change | None:
    """What of this nobody had reported; None if all of it is known, or older than what is."""
    marks = tuple(mark for mark in found.marks if not _is_known(mark, found.as_of, earlier))
    if not marks:
        return None
    return Change("changed" if earlier else "missed", marks)


def joined(found: ReportMarks, before: EarlierReport | None) -> ReportMarks:
    """What is known of an order by polls alone, with what one finds now: its newest figures, and all its refunds."""
    if before is None or before.marks is None:
        return found
    stale = found.as_of is not None and before.as_of is not None and found.as_of < before.as_of
    newest, other = (before.marks, found.marks) if stale else (found.marks, before.marks)
    has_order = any(mark.startswith(ORDER) for mark in newest)
    kept = [mark for mark in other if not (has_order and mark.startswith(ORDER))]
    moments = [at for at in (found.as_of, before.as_of) if at is not None]
    return ReportMarks(tuple(dict.fromkeys((*newest, *kept))), max(moments, default=None))


def _is_known(mark: str, as_of: datetime | None, earlier: Sequence[EarlierReport]) -> bool:
    if any(one.marks is None and as_of is not None and one.came_at >= as_of for one in earlier):
        return True
    marked = [one for one in earlier if one.marks is not None]
    if not mark.startswith(ORDER):
        return any(mark in (one.marks or ()) for one in marked)
    # Of figures the newest hold: an order that went back to what it was says so only if that was reported last.
    orders = [one for one in marked if any(text.startswith(ORDER) for text in one.marks or ())]
    dated = [one.as_of for one in orders if one.as_of is not None]
    if as_of is None or not dated:
        return any(mark in (one.marks or ()) for one in orders)
    newest = max(dated)
    return newest > as_of or any(mark in (one.marks or ()) for one in orders if one.as_of == newest)
