"""Feeds the roll-ups. One handler for all kinds, so that a batch needs one lock and one statement per table."""

from collections.abc import Sequence
from typing import Any

from contracts.events import conversions, rewards, tracking
from contracts.events.catalog import AmbassadorSaved, ProgramPublished, StoreConfigured
from services.analytics.facts.jobs import AGAIN_AFTER, FORGET
from services.analytics.rollups.actions import count as counting
from services.analytics.rollups.jobs import COUNT_WAITING
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.service import Handler


async def count_waiting(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """What came before its store was set up is counted by the clock, and old ids of reports are dropped by it."""
    stores = sorted({e.store_id for e in events})
    await schedule(tx, COUNT_WAITING, await counting.count_waiting(tx, stores))
    await schedule(tx, FORGET, dict.fromkeys(stores, tx.now + AGAIN_AFTER))


HANDLERS = (
    Handler(events=(StoreConfigured,), handle=count_waiting),
    Handler(
        events=(
            ProgramPublished,
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
            rewards.SourcedRewardGranted,
            rewards.SourcedRewardAdjusted,
            rewards.SourcedRewardReversed,
            rewards.SourcedRewardReleased,
        ),
        handle=counting.count,
    ),
)
