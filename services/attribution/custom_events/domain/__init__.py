"""Who referred somebody to something that is no order. Pure."""

from services.attribution.custom_events.domain.events import (
    ENGINE,
    EventDecision,
    Happened,
    decide_events,
    decision_bytes,
    number_of,
    said,
)
from services.attribution.custom_events.domain.joined import PREFIX, nothing_left

__all__ = [
    "ENGINE",
    "PREFIX",
    "EventDecision",
    "Happened",
    "decide_events",
    "decision_bytes",
    "nothing_left",
    "number_of",
    "said",
]
