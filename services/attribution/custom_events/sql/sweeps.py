"""Programs whose ambassadors are gone through for who joined before."""

from collections.abc import Iterable

from services.kernel.db import Tx
from services.kernel.revisions import Ref

_BEGIN_SWEEPS = """
insert into joined_sweeps (store_id, program_id, after)
select s, p, '' from unnest(cast(:stores as text[]), cast(:programs as text[])) w (s, p) order by 1, 2
on conflict (store_id, program_id) do update set after = ''
"""
_SWEEPS = """
select store_id, program_id, after from joined_sweeps where store_id = any(cast(:stores as text[])) order by 1, 2
"""
_MOVE_SWEEP = "update joined_sweeps set after = :after where store_id = :store and program_id = :program"
_END_SWEEP = "delete from joined_sweeps where store_id = :store and program_id = :program"


async def begin(tx: Tx, programs: Iterable[Ref]) -> None:
    """Begins, or begins anew, to go through who joined these programs."""
    some = sorted(programs)
    await tx.execute(_BEGIN_SWEEPS, stores=[p[0] for p in some], programs=[p[1] for p in some])


async def under_way(tx: Tx, stores: Iterable[str]) -> list[tuple[str, str, str]]:
    """What is gone through of these stores: store, program, and after whom to go on."""
    return [(row.store_id, row.program_id, row.after) for row in await tx.all(_SWEEPS, stores=sorted(stores))]


async def move(tx: Tx, store_id: str, program_id: str, *, after: str | None) -> None:
    """Notes after whom to go on; with None that all were gone through."""
    if after is None:
        await tx.execute(_END_SWEEP, store=store_id, program=program_id)
    else:
        await tx.execute(_MOVE_SWEEP, store=store_id, program=program_id, after=after)
