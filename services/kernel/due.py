"""Timers of stores: the `due` table says when a job must look at a store. One row for both, the earliest moment."""

from collections.abc import Mapping
from datetime import datetime

from services.kernel.db import Tx

_SCHEDULE = """
insert into due (job, store_id, at)
select :job, * from unnest(cast(:stores as text[]), cast(:ats as timestamptz[])) order by 2
on conflict (job, store_id) do update set at = least(due.at, excluded.at)
"""


async def schedule(tx: Tx, job: str, moments: Mapping[str, datetime]) -> None:
    """Makes sure that the job looks at each store at its moment or earlier."""
    if moments:
        await tx.execute(_SCHEDULE, job=job, stores=list(moments), ats=list(moments.values()))
