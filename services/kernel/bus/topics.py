"""What the bus must have: topics, and how long each keeps its records."""

from collections.abc import Iterable
from dataclasses import dataclass

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


def dead_letter_topics(groups: Iterable[str]) -> tuple[TopicSpec, ...]:
    """One topic per group, with a single partition: its readers are people."""
    return tuple(TopicSpec(dead_letter_topic(group), _DEAD_LETTER_DAYS, partitions=1) for group in groups)
