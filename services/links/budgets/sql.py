"""Keeps which programs are used up."""

from collections.abc import Collection
from typing import Final

from contracts.events.programs import ProgramBudget, ProgramExhausted
from services.kernel.db import Tx

EXHAUSTED: Final = """
exists (select from program_budgets b where b.store_id = p.store_id and b.program_id = p.program_id and b.exhausted)
"""
"""Whether the budget of the program `p` is used up."""
_KEEP = """
insert into program_budgets (store_id, program_id, exhausted, revision)
select * from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:exhausted as boolean[]),
                     cast(:revisions as int[])) order by 1, 2
on conflict (store_id, program_id) do update set exhausted = excluded.exhausted, revision = excluded.revision
where program_budgets.revision < excluded.revision
"""


async def keep(tx: Tx, found: Collection[ProgramBudget]) -> None:
    """Keeps the newest state of each; one of each program."""
    await tx.execute(
        _KEEP,
        stores=[one.store_id for one in found],
        programs=[one.program_id for one in found],
        exhausted=[isinstance(one, ProgramExhausted) for one in found],
        revisions=[one.revision for one in found],
    )
