"""Which of the revisions of an order holds, and whether a cancellation does. Pure, and free of their order."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.events.orders import Figures, OrderCancelled, OrderReported
from services.common.order_names import CANCEL


class Revision(NamedTuple):
    """A report of an order, and from when on it is true."""

    report: OrderReported
    at: datetime

    @property
    def stands(self) -> bool:
        """Whether it calls the order paid and not cancelled, and since when. One that came without a time may be older
        than a cancellation that came before it.
        """
        reported = self.report
        return reported.figures.status == "paid" and reported.cancelled_at is None and not reported.undated


def oldest_first(reported: Sequence[OrderReported]) -> list[Revision]:
    """Revisions by (`updated_at`, further state, hash): platforms count whole seconds, and within one paid comes after
    pending, cancelled after both. One without `updated_at` whose figures were reported before, without it too, repeats
    them: it takes the time of the first report.
    """
    if len(reported) == 1:
        return [Revision(reported[0], reported[0].updated_at)]
    first: dict[bytes, datetime] = {}
    marked = [(report, figures_hash(report.figures)) for report in reported]
    for report, mark in marked:
        if report.undated and (mark not in first or report.updated_at < first[mark]):
            first[mark] = report.updated_at
    dated = [(Revision(r, first[mark] if r.undated else r.updated_at), mark) for r, mark in marked]
    dated.sort(key=lambda pair: (pair[0].at, *_state(pair[0].report), pair[1], pair[0].report.fact_id))
    return [revision for revision, _ in dated]


def _state(report: OrderReported) -> tuple[bool, bool]:
    return report.cancelled_at is not None, report.figures.status == "paid"


def figures_hash(figures: Figures) -> bytes:
    """Tells figures apart; breaks the tie between revisions of one moment and one state."""
    return hashlib.blake2b(figures.__pydantic_serializer__.to_json(figures), digest_size=8).digest()


def standing(reported: Sequence[OrderReported]) -> Figures:
    """Figures of the newest of these revisions, which are the oldest first. An order that was paid and has grown since
    waits for the rest of its money only: until that has come, what was paid holds.
    """
    newest = reported[-1].figures
    if newest.status == "paid":
        return newest
    paid = next((report.figures for report in reversed(reported) if report.figures.status == "paid"), None)
    grown = paid is not None and paid.currency == newest.currency and paid.total_minor < newest.total_minor
    return paid if paid is not None and grown else newest


def paid_since(revisions: Sequence[Revision]) -> datetime | None:
    """From when on the newest revision is true that calls the order paid, and not cancelled."""
    return max((revision.at for revision in revisions if revision.stands), default=None)


def is_cancelled(
    revisions: Sequence[Revision], cancels: Sequence[OrderCancelled], since: datetime | None, *, settled: bool
) -> bool:
    """Whether a cancellation holds: of cancellations, and of revisions that call the order paid, the newest does.

    `since` is `paid_since`; of a settled order that of its settling, and no later revision reopens it.
    """
    cancelling = [revision for revision in revisions if revision.report.cancelled_at is not None]
    if not cancels and not cancelling:
        return False
    # Before cancellations held their time, revisions of platforms did not say whether they were cancelled.
    if any(cancel.fact_id == CANCEL for cancel in cancels) and any(r.report.source != "api" for r in revisions):
        return True
    able = [r for r in revisions if r.stands and (not settled or (since is not None and r.at <= since))]
    last = max((revision.at for revision in cancelling), default=None)
    return not any((last is None or r.at > last) and all(_after(r, cancel) for cancel in cancels) for r in able)


def cancelled_at(
    revisions: Sequence[Revision], cancels: Sequence[OrderCancelled], since: datetime | None
) -> datetime | None:
    """When an order was cancelled that is: the first time after the newest revision that called it paid and not
    cancelled, where one came after that.
    """
    moments = [cancel.at for cancel in cancels]
    moments += [one.report.cancelled_at for one in revisions if one.report.cancelled_at is not None]
    later = [moment for moment in moments if since is None or moment > since]
    return min(later or moments, default=None)


def _after(revision: Revision, cancel: OrderCancelled) -> bool:
    """Whether a revision is newer. A cancellation reported without a time is newer than all that we had received,
    however far ahead the store's clock is.
    """
    if cancel.undated and revision.report.received_at <= cancel.received_at:
        return False
    return revision.at > cancel.at
