"""Feeds the roll-ups. One handler for all kinds, so that a batch needs one lock and one statement per table."""

from collections.abc import Sequence
from typing import Any

from contracts.events import conversions, rewards, tracking
from contracts.events.catalog import AmbassadorSaved, StoreConfigured
from services.analytics.facts.jobs import AGAIN_AFTER, FORGET_REPORTS
from services.analytics.rollups.actions import count as counting
from services.analytics.rollups.jobs import WAITING
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.service import Handler


async def _count_waiting(tx: Tx, events: Sequence[Event[Any]]) -> None:
    stores = sorted({e.store_id for e in events})
    await schedule(tx, WAITING.name, await counting.count_waiting(tx, stores))
    await schedule(tx, FORGET_REPORTS.name, dict.fromkeys(stores, tx.now + AGAIN_AFTER))


COUNT_WAITING = Handler(events=(StoreConfigured,), handle=_count_waiting)

COUNT = Handler(
    events=(
        AmbassadorSaved,
        tracking.ClickRecorded,
        tracking.VisitRecorded,
        tracking.CustomerIdentified,
        tracking.SignupRecorded,
        tracking.ShareRecorded,
        tracking.WidgetViewed,
        conversions.ConversionAttributed,
        conversions.ConversionRejected,
        conversions.ConversionUnattributed,
        conversions.ConversionDeferred,
        conversions.ConversionReversed,
        conversions.ConversionSettled,
        rewards.RewardGranted,
        rewards.RewardAdjusted,
        rewards.RewardReversed,
        rewards.RewardReleased,
    ),
    handle=counting.count,
)
