"""Events in: budgets that are used up, or can give again. In a group of its own: nothing waits for it but pages."""

from collections.abc import Sequence
from typing import Final

from contracts.events.programs import ProgramBudget, ProgramExhausted, ProgramRefilled
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.revisions import newest
from services.kernel.service import Handler
from services.links.budgets import sql
from services.links.changes import sql as changes

GROUP: Final = "budgets"


async def on_budgets(tx: Tx, events: Sequence[Event[ProgramBudget]]) -> None:
    """Keeps the newest state of each program, and has what replicas remember of its links forgotten."""
    latest = newest((event.data for event in events), key=lambda one: (one.store_id, one.program_id))
    await sql.keep(tx, latest.values())
    for _, program_id in sorted(latest):
        await changes.note(tx, "program", program_id)


HANDLERS = (Handler(events=(ProgramExhausted, ProgramRefilled), handle=on_budgets, group=GROUP),)
"""Handled in any order: the highest revision of a program stays."""
