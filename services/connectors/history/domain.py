"""What of a shop's orders is history, how far back an import looks, and how long it waits for a shop. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from services.common import order_facts
from services.common.order_facts import ReportedFact
from services.connectors.inbox.domain.facts import Known, named
from services.connectors.platforms.domain.port import Platform, Report
from services.kernel.auth.ring import KeyRing

State = Literal["running", "done", "stopped"]
SIZE: Final = 50
"""Entries of a page, unless such pages are too large."""
MOST_PAGES: Final = 250_000
"""Of an import: a million orders of the platform that gives the fewest at a time, four. A list without an end is not
asked for ever.
"""
PATIENCE: Final = timedelta(days=1)
"""After so long without a page it stops, and goes on where it was when somebody asks."""
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""None of the platforms is older."""
_SHORTEST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)


def begins(now: datetime, memory: timedelta | None) -> datetime:
    """From when on changes are asked for; `memory` is how long the platform has one."""
    return BEGINNING if memory is None else now - memory


def wait(now: datetime, moved_at: datetime) -> timedelta:
    """How long a shop is left in peace that gave no page since: the longer the less."""
    return min(max((now - moved_at) / 2, _SHORTEST), _LONGEST)


def facts_of(
    ring: KeyRing, platform: Platform, store_id: str, report: Report, known: Known, before: datetime
) -> list[ReportedFact]:
    """Facts of those orders that were placed before a moment: who bought what, and whether it was cancelled. What may
    have brought the buyer is left out, and so are refunds: nothing depends on them. Raises `Invalid`.
    """
    facts = []
    for order in report.orders:
        if order.placed_at < before:
            bare = msgspec.structs.replace(
                order,
                order_id=named(known.order_prefix, order.order_id),
                token=None,
                tokens=(),
                visitor_id=None,
                codes=(),
            )
            facts.append(
                order_facts.report(
                    ring, store_id, bare, known.clock, known.nobody, source=platform.source, history=True
                )
            )
    names = {fact.order_id for fact in facts}
    cancels = [(named(known.order_prefix, one.order_id), one.at) for one in report.cancels]
    return facts + [
        order_facts.cancel(store_id, order_id, at, known.clock) for order_id, at in cancels if order_id in names
    ]
