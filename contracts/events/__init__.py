"""Every event of the product, by type."""

from contracts.events import appeals, audit, catalog, conversions, orders, payouts, rewards, tracking
from contracts.events.base import Payload, Topic

_ALL: tuple[type[Payload], ...] = (
    catalog.StoreConfigured,
    catalog.KeyRevoked,
    catalog.SessionEnded,
    catalog.ProgramPublished,
    catalog.AmbassadorSaved,
    catalog.LinkSaved,
    catalog.CodeSaved,
    catalog.ClockMoved,
    tracking.ClickRecorded,
    tracking.VisitRecorded,
    tracking.CustomerIdentified,
    tracking.SignupRecorded,
    tracking.ShareRecorded,
    tracking.WidgetViewed,
    orders.OrderReceived,
    orders.OrderAmended,
    orders.OrderRefunded,
    orders.OrderCancelled,
    conversions.ConversionAttributed,
    conversions.ConversionRejected,
    conversions.ConversionUnattributed,
    conversions.ConversionDeferred,
    conversions.ConversionReversed,
    conversions.ConversionSettled,
    appeals.AppealAnswered,
    rewards.RewardGranted,
    rewards.RewardAdjusted,
    rewards.RewardReversed,
    rewards.RewardReleased,
    payouts.PayoutPrepared,
    payouts.PayoutApproved,
    payouts.PayoutSubmitted,
    payouts.PayoutUnanswered,
    payouts.PayoutCompleted,
    payouts.PayoutFailed,
    payouts.PayoutReturned,
    payouts.PayoutCancelled,
    payouts.DestinationChanged,
    audit.AuditNoted,
    audit.KeyUsed,
)

EVENTS: dict[str, type[Payload]] = {payload.TYPE: payload for payload in _ALL}

__all__ = [
    "EVENTS",
    "Payload",
    "Topic",
    "appeals",
    "audit",
    "catalog",
    "conversions",
    "orders",
    "payouts",
    "rewards",
    "tracking",
]
