"""Reports when a program's budget is used up, and when it can give again.

Called in the transaction that moves the counter or keeps another version, under the store's lock: what is reported is
what the next reward finds.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace

from contracts.events.programs import ProgramExhausted, ProgramRefilled
from services.kernel.db import Tx
from services.kernel.revisions import Ref
from services.rewards.budgets import sql
from services.rewards.budgets.domain import Key, is_exhausted
from services.rewards.budgets.sql import Standing


async def spent(tx: Tx, counters: Mapping[Key, int]) -> None:
    """Looks at programs whose counters are these now. A counter in another unit than the program's moves nothing."""
    if counters:
        await _look(tx, {key[:2] for key in counters}, counters, moved=True)


async def published(tx: Tx, programs: Collection[Ref], counters: Mapping[Key, int]) -> None:
    """Looks at programs that have another version now; what has no counter has given nothing."""
    if programs:
        await _look(tx, programs, counters, moved=False)


async def drift(tx: Tx, store_id: str, counters: Mapping[Key, int], *, count: int) -> AsyncIterator[str]:
    """Programs of which something else was reported than their counters say, in words. For verifications only."""
    after = ""
    while programs := await sql.reported(tx, store_id, after=after, count=count):
        for one in await sql.standings(tx, [(store_id, program_id) for program_id in programs]):
            spent_minor = counters.get((one.store_id, one.program_id, one.program.currency), 0)
            if is_exhausted(one.program, spent_minor) != one.exhausted:
                said = "used up" if one.exhausted else "not used up"
                yield f"{one.program_id} was reported as {said}, {spent_minor} {one.program.currency} are spent of it"
        after = programs[-1]


async def _look(tx: Tx, programs: Collection[Ref], counters: Mapping[Key, int], *, moved: bool) -> None:
    changed = []
    for one in await sql.standings(tx, programs):
        key = (one.store_id, one.program_id, one.program.currency)
        if moved and key not in counters:
            continue
        spent_minor = counters.get(key, 0)
        if (exhausted := is_exhausted(one.program, spent_minor)) != one.exhausted:
            after = replace(one, exhausted=exhausted, revision=one.revision + 1)
            tx.emit(_event(tx, after, spent_minor))
            changed.append(after)
    if changed:
        await sql.save(tx, changed)


def _event(tx: Tx, one: Standing, spent_minor: int) -> ProgramExhausted | ProgramRefilled:
    budget = one.program.budget
    return (ProgramExhausted if one.exhausted else ProgramRefilled)(
        store_id=one.store_id,
        program_id=one.program_id,
        program_version=one.version,
        currency=one.program.currency,
        budget_minor=None if budget is None else budget.amount_minor,
        spent_minor=spent_minor,
        changed_at=tx.now,
        revision=one.revision,
    )
