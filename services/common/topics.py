"""Which topics the product has, and how long each keeps its records."""

from contracts.events import Topic
from services.kernel.bus.topics import TopicSpec

_DAYS = {
    Topic.CLICKS: 3,
    Topic.TRACKING: 7,
    Topic.ORDERS: 10,
    Topic.CONVERSIONS: 10,
    Topic.REWARDS: 10,
    Topic.CHECKOUTS: 10,
    Topic.AUDIT: 10,
}
"""As long as a group may stand still and catch up, and no longer: services keep the facts that they replay from. Ten
days for money outlast a week without anybody on duty; what clicks and visits are late for is worth less every day.
"""


def product_topics() -> tuple[TopicSpec, ...]:
    """The pipes between services."""
    return tuple(TopicSpec(name=str(topic), keep_days=_DAYS.get(topic)) for topic in Topic)
