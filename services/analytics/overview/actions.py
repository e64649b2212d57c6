"""Loads the overview: everything that the page shows, as of one moment, so that its sums agree."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analytics.metrics import actions, sql
from services.analytics.metrics.domain.figures import Asked, Channel, Figures, View
from services.analytics.metrics.sql import Leader, ReasonRow
from services.kernel.db import Tx

BEST = 9


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the page is made from."""

    view: View
    now: Figures
    before: Figures | None
    channels: Sequence[Channel]
    leaders: Sequence[Leader]
    active: int
    reasons: Sequence[ReasonRow]

    @property
    def empty(self) -> bool:
        """Whether nothing has been counted for this store at all."""
        return self.view.freshness.newest_event_at is None


async def overview(tx: Tx, store_id: str, asked: Asked) -> Loaded:
    """Loads it. Raises what `metrics.actions.view` raises."""
    view = await actions.view(tx, store_id, asked)
    leaders, active = await actions.ambassadors(tx, view, view.period, limit=BEST)
    return Loaded(
        view=view,
        now=await actions.figures(tx, view, view.period, needs=("visitors", "cycle_days")),
        before=await actions.figures(tx, view, view.before, needs=()) if view.before else None,
        channels=await actions.channels(tx, view, view.period),
        leaders=leaders,
        active=active,
        reasons=await sql.reasons(tx, view.store_id, view.program_id, view.period),
    )
