"""Events in: of what ambassadors are notified. In groups of its own: nothing waits for it but people's messages."""

from collections.abc import Sequence
from typing import Any, Final

from cachetools import LRUCache

from contracts.events.appeals import AppealAnswered
from contracts.events.balances import BalanceExpiring
from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.conversions import (
    ConversionAttributed,
    ConversionDeferred,
    ConversionRejected,
    ConversionReversed,
    ConversionSettled,
    ConversionUnattributed,
)
from contracts.events.payouts import DestinationChanged
from contracts.events.redemptions import RedemptionCancelled, RedemptionFulfilled, RedemptionReturned
from contracts.events.rewards import (
    RewardAdjusted,
    RewardGranted,
    RewardReleased,
    RewardReversed,
    SourcedRewardAdjusted,
    SourcedRewardGranted,
    SourcedRewardReleased,
    SourcedRewardReversed,
)
from contracts.events.tiers import TierChanged
from contracts.events.tracking import ClickRecorded
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.links.notices.actions import decide

GROUP: Final = "notices"
CLICKS: Final = "first-clicks"
_clicked: LRUCache[tuple[str, str], bool] = LRUCache(50_000)
"""Ambassadors whose first friend is known already: of most clicks nothing more is asked."""


async def on_clicks(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Clicks of people: of each ambassador the first is notified."""
    found: dict[tuple[str, str], Event[Any]] = {}
    for event in events:
        data = event.data
        key = (data.store_id, data.ambassador_id)
        if data.quality == "person" and not data.embedded and key not in _clicked:
            found.setdefault(key, event)
    if found:
        await decide.of_clicks(tx, found)
        tx.after_commit(lambda: _clicked.update(dict.fromkeys(found, True)))


HANDLERS = (
    Handler(events=(AmbassadorSaved,), handle=decide.of_ambassadors, group=GROUP),
    Handler(events=(ProgramPublished,), handle=decide.of_programs, group=GROUP),
    Handler(
        events=(
            *(ConversionAttributed, ConversionRejected, ConversionUnattributed),
            *(ConversionDeferred, ConversionReversed, ConversionSettled),
        ),
        handle=decide.of_conversions,
        group=GROUP,
    ),
    Handler(
        events=(
            *(RewardGranted, RewardAdjusted, RewardReversed, RewardReleased),
            *(SourcedRewardGranted, SourcedRewardAdjusted, SourcedRewardReversed, SourcedRewardReleased),
        ),
        handle=decide.of_rewards,
        group=GROUP,
    ),
    Handler(events=(TierChanged,), handle=decide.of_tiers, group=GROUP),
    Handler(events=(BalanceExpiring,), handle=decide.of_balances, group=GROUP),
    Handler(
        events=(RedemptionFulfilled, RedemptionCancelled, RedemptionReturned),
        handle=decide.of_redemptions,
        group=GROUP,
    ),
    Handler(events=(DestinationChanged,), handle=decide.of_destinations, group=GROUP),
    Handler(events=(AppealAnswered,), handle=decide.of_appeals, group=GROUP),
    Handler(events=(ClickRecorded,), handle=on_clicks, group=CLICKS),
)
