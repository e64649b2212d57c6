"""SQL of what counts against budgets: a counter per program and unit."""

from collections.abc import Iterable, Mapping, Sequence

from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.grants.domain.caps import BudgetKey

_SPENT = """
select s.store_id, s.program_id, s.unit, s.amount_minor from spent s
join unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id) using (store_id, program_id)
"""

_SPEND = """
update spent s set amount_minor = s.amount_minor + w.difference
from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:units as text[]), cast(:differences as bigint[]))
  w(store_id, program_id, unit, difference)
where (s.store_id, s.program_id, s.unit) = (w.store_id, w.program_id, w.unit)
returning s.store_id, s.program_id, s.unit, s.amount_minor
"""

_OPEN = """
insert into spent (store_id, program_id, unit, amount_minor)
select * from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:units as text[]),
  cast(:differences as bigint[]))
"""

_SUMS = """
select program_id, unit, sum(target_minor)::bigint as amount_minor from rewards
where store_id = :store and target_minor > 0 group by program_id, unit
"""

_COUNTERS = "select program_id, unit, amount_minor from spent where store_id = :store"


async def spent(tx: Tx, programs: Iterable[Ref]) -> dict[BudgetKey, int]:
    """What these (store, program) have granted, net, by unit."""
    keys = sorted(set(programs))
    rows = await tx.all(_SPENT, stores=[k[0] for k in keys], programs=[k[1] for k in keys])
    return {(row.store_id, row.program_id, row.unit): row.amount_minor for row in rows}


async def spend(tx: Tx, differences: Mapping[BudgetKey, int]) -> dict[BudgetKey, int]:
    """Moves the counters; returns where they stand. One below zero is refused by the database: more was taken back than
    was granted.
    """
    if not differences:
        return {}
    keys = sorted(differences)
    rows = await tx.all(_SPEND, **_columns(keys, differences))
    moved = {(row.store_id, row.program_id, row.unit): row.amount_minor for row in rows}
    if missing := [key for key in keys if key not in moved]:
        await tx.execute(_OPEN, **_columns(missing, differences))
    return moved | {key: differences[key] for key in missing}


def _columns(keys: Sequence[BudgetKey], differences: Mapping[BudgetKey, int]) -> dict[str, list[object]]:
    return {
        "stores": [k[0] for k in keys],
        "programs": [k[1] for k in keys],
        "units": [k[2] for k in keys],
        "differences": [differences[k] for k in keys],
    }


async def of_store(tx: Tx, store_id: str) -> dict[BudgetKey, int]:
    """What all programs of a store have granted, net, by unit."""
    rows = await tx.all(_COUNTERS, store=store_id)
    return {(store_id, row.program_id, row.unit): row.amount_minor for row in rows}


async def drift(tx: Tx, store_id: str) -> list[tuple[str, str, int, int]]:
    """(program, unit, counter, sum of its rewards) where the two differ."""
    sums = {(row.program_id, row.unit): row.amount_minor for row in await tx.all(_SUMS, store=store_id)}
    counters = {(row.program_id, row.unit): row.amount_minor for row in await tx.all(_COUNTERS, store=store_id)}
    keys = sorted(sums.keys() | counters.keys())
    return [
        (program, unit, counters.get((program, unit), 0), sums.get((program, unit), 0))
        for program, unit in keys
        if counters.get((program, unit), 0) != sums.get((program, unit), 0)
    ]
