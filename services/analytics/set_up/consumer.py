"""Shows to checks what they wait for. Of stores of which none goes on, nothing is written."""

from collections.abc import Sequence
from typing import Any

from contracts.events import audit, conversions, rewards, tracking
from services.analytics.set_up import sql
from services.analytics.set_up.domain.sights import sights_of
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler


async def show(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Notes what events show to the checks that go on: one look for a batch, and mostly nothing more."""
    watched = await sql.watched(tx, {event.store_id for event in events})
    if not watched:
        return
    await sql.note(
        tx,
        (
            (event.store_id, sight)
            for event in events
            if (store := watched.get(event.store_id)) is not None
            for sight in sights_of(event.data, domains=store.domains, since=store.since)
        ),
    )


HANDLERS = (
    Handler(
        events=(
            audit.Sighted,
            tracking.ClickRecorded,
            tracking.VisitRecorded,
            tracking.CustomerIdentified,
            tracking.SignupRecorded,
            conversions.ConversionAttributed,
            conversions.ConversionRejected,
            conversions.ConversionUnattributed,
            conversions.ConversionDeferred,
            rewards.RewardGranted,
        ),
        handle=show,
    ),
)
