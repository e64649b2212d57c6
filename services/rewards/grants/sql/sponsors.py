"""SQL of sponsors: who is active, by the rewards of their own orders."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.kernel.db import Tx
from services.kernel.ids import earliest_id

_ACTIVE = """
select w.n from unnest(cast(:stores as text[]), cast(:sponsors as text[]), cast(:since as text[])) with ordinality
  w(store_id, ambassador_id, since, n)
where exists (
  select from rewards r where r.store_id = w.store_id and r.ambassador_id = w.ambassador_id and r.reward_id >= w.since
    and r.settled_at is not null and r.source_kind = 'order' and r.won_by is null and r.granted_at is not null
)
"""


class Asked(NamedTuple):
    """Somebody of whom it is asked whether an order of their own was rewarded from a moment on, and has settled."""

    store_id: str
    ambassador_id: str
    since: datetime


async def active(tx: Tx, asked: Iterable[Asked]) -> set[Asked]:
    """Those of whom that is so. Reads each one's own rewards from that moment on, the oldest first, up to the first."""
    wanted = sorted(set(asked))
    if not wanted:
        return set()
    rows = await tx.all(
        _ACTIVE,
        stores=[one.store_id for one in wanted],
        sponsors=[one.ambassador_id for one in wanted],
        since=[earliest_id("rwd", one.since) for one in wanted],
    )
    return {wanted[row.n - 1] for row in rows}
