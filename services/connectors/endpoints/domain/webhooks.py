"""What stores are sent, and in which words: the names of webhooks, and their bodies."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from contracts.events import EVENTS, Payload
from contracts.events.actions import (
    ActionAttributed,
    ActionRejected,
    ActionReversed,
    ActionSettled,
    ActionUnattributed,
)
from contracts.events.balances import BalanceExpiring
from contracts.events.catalog import AmbassadorSaved, LinkSaved
from contracts.events.conversions import (
    ConversionAttributed,
    ConversionRejected,
    ConversionReversed,
    ConversionSettled,
    ConversionUnattributed,
)
from contracts.events.memberships import MembershipChanged
from contracts.events.payouts import (
    PayoutApproved,
    PayoutCancelled,
    PayoutCompleted,
    PayoutFailed,
    PayoutPrepared,
    PayoutReturned,
    PayoutSubmitted,
    PayoutUnanswered,
)
from contracts.events.pools import PoolNearlyEmptied
from contracts.events.programs import ProgramExhausted, ProgramRefilled
from contracts.events.redemptions import (
    RedemptionCancelled,
    RedemptionFulfilled,
    RedemptionRequested,
    RedemptionReturned,
)
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

WEBHOOKS: Final[Mapping[str, type[Payload]]] = {
    "ambassador.joined": AmbassadorSaved,
    "link.created": LinkSaved,
    "order.attributed": ConversionAttributed,
    "order.rejected": ConversionRejected,
    "order.unattributed": ConversionUnattributed,
    "order.reversed": ConversionReversed,
    "order.settled": ConversionSettled,
    "action.attributed": ActionAttributed,
    "action.rejected": ActionRejected,
    "action.unattributed": ActionUnattributed,
    "action.reversed": ActionReversed,
    "action.settled": ActionSettled,
    "reward.granted": RewardGranted,
    "reward.adjusted": RewardAdjusted,
    "reward.released": RewardReleased,
    "reward.reversed": RewardReversed,
    "tier.changed": TierChanged,
    "membership.changed": MembershipChanged,
    "balance.expiring": BalanceExpiring,
    "program.exhausted": ProgramExhausted,
    "program.refilled": ProgramRefilled,
    "payout.prepared": PayoutPrepared,
    "payout.approved": PayoutApproved,
    "payout.submitted": PayoutSubmitted,
    "payout.unanswered": PayoutUnanswered,
    "payout.completed": PayoutCompleted,
    "payout.failed": PayoutFailed,
    "payout.returned": PayoutReturned,
    "payout.cancelled": PayoutCancelled,
    "redemption.requested": RedemptionRequested,
    "redemption.fulfilled": RedemptionFulfilled,
    "redemption.cancelled": RedemptionCancelled,
    "redemption.returned": RedemptionReturned,
    "pool.nearly_emptied": PoolNearlyEmptied,
}
"""Names of webhooks, each with the event that it is made of."""
LIKEWISE: Final[Mapping[str, type[Payload]]] = {
    "reward.granted": SourcedRewardGranted,
    "reward.adjusted": SourcedRewardAdjusted,
    "reward.released": SourcedRewardReleased,
    "reward.reversed": SourcedRewardReversed,
}
"""Events that are sent under the same names: rewards that are of no order. Their bodies name a `source` instead."""
TYPES: Final = tuple(WEBHOOKS)
NEW_FOR: Final = timedelta(days=10)
"""How long after it was made something may still be sent as new. Its later changes report it too, in case the first of
them was overtaken; shorter than messages are kept, which is how a repetition is known.
"""
_KEPT_BACK: Final = frozenset({"contact_hashes", "friend_contacts"})
"""Keyed hashes of contacts: nobody outside can use them but to tell that two are the same person's."""
_NAMES: Final = {payload.TYPE: name for part in (WEBHOOKS, LIKEWISE) for name, payload in part.items()}


def type_of(payload: Payload, at: datetime) -> str | None:
    """The name of the webhook of an event that was recorded at a moment; None for what is not sent."""
    if isinstance(payload, AmbassadorSaved):
        new = payload.status == "active" and at - payload.created_at <= NEW_FOR
        return "ambassador.joined" if new else None
    if isinstance(payload, LinkSaved):
        return "link.created" if not payload.deleted and at - payload.created_at <= NEW_FOR else None
    return _NAMES.get(payload.TYPE)


def began(payload: Payload, at: datetime) -> datetime:
    """When what is reported came to be: an endpoint is sent what came after it."""
    return min(at, payload.created_at) if isinstance(payload, AmbassadorSaved | LinkSaved) else at


def message_id(payload: Payload, event_id: str) -> str:
    """The id that a message keeps over all tries. What is sent once of a thing is named by the thing."""
    if isinstance(payload, AmbassadorSaved):
        return f"joined_{payload.ambassador_id}"
    return created(payload.link_id) if isinstance(payload, LinkSaved) else event_id


def created(link_id: str) -> str:
    """The id of the message that a link was made."""
    return f"created_{link_id}"


def person_of(payload: Payload) -> str | None:
    """Whose message it is alone: it goes when they are erased."""
    return payload.ambassador_id if isinstance(payload, AmbassadorSaved | LinkSaved) else None


def subjects(payload: Payload) -> tuple[str, ...]:
    """The person and the link that a message is about alone: nothing is sent of them once they are gone."""
    if isinstance(payload, LinkSaved):
        return payload.ambassador_id, payload.link_id
    return (payload.ambassador_id,) if isinstance(payload, AmbassadorSaved) else ()


def ended(payload: Payload) -> str | None:
    """Who or what is gone by this event."""
    if isinstance(payload, AmbassadorSaved) and payload.status == "erased":
        return payload.ambassador_id
    return payload.link_id if isinstance(payload, LinkSaved) and payload.deleted else None


def body(type_: str, at: datetime, payload: Payload) -> bytes:
    """The bytes that are signed and sent."""
    data = payload.model_dump(mode="json", exclude_none=True, exclude=set(_KEPT_BACK))
    return orjson.dumps({"type": type_, "timestamp": _written(at), "data": data})


def sample(type_: str, at: datetime, example: Mapping[str, Any]) -> bytes:
    """A body made of an event's example, as `send test` sends it and the docs show it. Raises `KeyError`."""
    payload = EVENTS[WEBHOOKS[type_].TYPE].model_validate(example)
    return body(type_, at, payload)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
