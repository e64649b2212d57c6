"""When polls come, how far they look back, and what of their findings is new. Pure."""

from datetime import datetime, timedelta
from typing import Final, Literal

EVERY: Final = timedelta(hours=1)
"""Between the end of a round and the next."""
OVERLAP: Final = timedelta(minutes=15)
"""So far behind the last round's end the next one begins: a shop writes an order's date before others can see it."""
SETTLES: Final = timedelta(minutes=1)
"""What changed less than this ago is left to the next round: its webhook may be on the way."""
FURTHEST: Final = timedelta(days=13)
"""How far back one may ask, and a round looks: what deliveries reported is kept for a day longer. Of what is older
nobody knows whether it was reported.
"""
KEPT: Final = timedelta(days=90)
"""How long findings and gaps are kept."""
SIZE: Final = 50
"""Entries of a page, unless such pages are too large."""
LONGEST_BUSY: Final = timedelta(hours=6)
"""A round that a platform keeps waiting for longer is broken off; the next one goes on where it was."""
MOST_PAGES: Final = 2_000
"""Of a round: what is behind them is left to the next one, so that a list without an end is not asked for ever."""
TRIES: Final = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""After failures within a round. The one after the last ends it."""

STOOD_STILL: Final = "stood_still"
"""Why a round that came to its end did not find all: what changed before it began was not looked at for too long."""

State = Literal["idle", "running", "stopped"]
Kind = Literal["missed", "changed"]


def window(
    reached: datetime, now: datetime, *, since: datetime | None, memory: timedelta | None
) -> tuple[datetime, datetime]:
    """From when to when a round looks. All by the platform's clock; `memory` is how long the platform has one."""
    begin = (reached if since is None else min(since, reached)) - OVERLAP
    begin = max(begin, now - (FURTHEST if memory is None else min(memory, FURTHEST)))
    return begin, max(now - SETTLES, begin)


def forgotten(since: datetime | None, now: datetime) -> bool:
    """Whether a round that was broken off began so long ago that it cannot go on: what was reported when it looked is
    not kept any more. A day longer than a round looks back, so that one which takes many turns comes to its end.
    """
    return since is not None and since < now - FURTHEST - OVERLAP - timedelta(days=1)
