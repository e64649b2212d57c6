"""Which topics the bus must have, and how long each keeps its records."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.events import Topic

_DAYS = {Topic.CLICKS: 3, Topic.TRACKING: 7, Topic.ORDERS: 10, Topic.CONVERSIONS: 10, Topic.REWARDS: 10}
"""As long as a group may stand still and catch up, and no longer: services keep the facts that they replay from. Ten
days for money outlast a week without anybody on duty; what clicks and visits are late for is worth less every day.
"""
_DEAD_LETTER_DAYS = 30


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic. `keep_days` None means that it keeps the newest record of each key for ever."""

    name: str
    keep_days: int | None
    partitions: int | None = None
    """None: as many as the bus is set to use."""


def dead_letter_topic(group: str) -> str:
    """Where a group puts what it cannot handle."""
    return f"kith.dlq.{group.removeprefix('kith.')}"


def product_topics() -> tuple[TopicSpec, ...]:
    """The pipes between services."""
    return tuple(TopicSpec(name=str(topic), keep_days=_DAYS.get(topic)) for topic in Topic)


def dead_letter_topics(groups: Iterable[str]) -> tuple[TopicSpec, ...]:
    """One topic per group, with a single partition: its readers are people."""
    return tuple(TopicSpec(dead_letter_topic(group), _DEAD_LETTER_DAYS, partitions=1) for group in groups)
