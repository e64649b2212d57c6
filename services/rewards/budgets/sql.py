"""SQL of programs' budgets: the newest version of each beside what was reported of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from contracts.program import Program
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.budgets.domain import BUDGETS_JOB
from services.rewards.slices.domain import program_of

_STANDING = """
select w.store_id, w.program_id, p.version, p.definition, coalesce(s.exhausted, false) as exhausted,
  coalesce(s.revision, 0) as revision
from unnest(cast(:stores as text[]), cast(:programs as text[])) w(store_id, program_id)
cross join lateral (
  select version, definition, budget_minor from programs where store_id = w.store_id and program_id = w.program_id
  order by version desc limit 1
) p
left join budget_states s on s.store_id = w.store_id and s.program_id = w.program_id
where p.budget_minor is not null or s.exhausted
"""

_SAVE = """
insert into budget_states (store_id, program_id, exhausted, changed_at, revision)
select s, p, e, :now, r from unnest(cast(:stores as text[]), cast(:programs as text[]), cast(:exhausted as boolean[]),
  cast(:revisions as int[])) w(s, p, e, r)
on conflict (store_id, program_id) do update set exhausted = excluded.exhausted, changed_at = excluded.changed_at,
  revision = excluded.revision
"""

_WITH_BUDGET = """
select distinct store_id, program_id from programs
where store_id = any(cast(:stores as text[])) and budget_minor is not null
"""
_REPORTED = """
select program_id from (
  select program_id from programs where store_id = :store and program_id > :after and budget_minor is not null
  union select program_id from budget_states where store_id = :store and program_id > :after
) p
where not exists (select from due where job = :job and store_id = :store) order by 1 limit :count
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest known version of a program, and what was reported last."""

    store_id: str
    program_id: str
    version: int
    program: Program
    exhausted: bool
    revision: int


async def standings(tx: Tx, programs: Collection[Ref]) -> list[Standing]:
    """Those of these programs that have a budget, or had one when they were reported as used up."""
    keys = sorted(programs)
    rows = await tx.all(_STANDING, stores=[k[0] for k in keys], programs=[k[1] for k in keys])
    return [
        Standing(
            store_id=row.store_id,
            program_id=row.program_id,
            version=row.version,
            program=program_of(row.definition),
            exhausted=row.exhausted,
            revision=row.revision,
        )
        for row in rows
    ]


async def save(tx: Tx, reported: Sequence[Standing]) -> None:
    """Keeps what was reported."""
    await tx.execute(
        _SAVE,
        stores=[one.store_id for one in reported],
        programs=[one.program_id for one in reported],
        exhausted=[one.exhausted for one in reported],
        revisions=[one.revision for one in reported],
        now=tx.now,
    )


async def with_budget(tx: Tx, stores: Sequence[str]) -> list[Ref]:
    """Programs of which some version has a budget."""
    return [(row.store_id, row.program_id) for row in await tx.all(_WITH_BUDGET, stores=list(stores))]


async def reported(tx: Tx, store_id: str, *, after: str, count: int) -> list[str]:
    """Programs of a store that have a budget or of which something was reported, some behind an id. None while all of
    the store's are to be looked at for the first time.
    """
    return [
        row.program_id for row in await tx.all(_REPORTED, store=store_id, job=BUDGETS_JOB, after=after, count=count)
    ]
