"""Who referred somebody to something that is no order. Pure."""

from services.attribution.custom_events.domain.events import (
    ENGINE,
    Doer,
    EventDecision,
    Happened,
    content_of,
    decide_events,
    decision_bytes,
    key_of,
    number_of,
)
from services.attribution.custom_events.domain.joined import PREFIX, nothing_left, went_back

__all__ = [
    "ENGINE",
    "PREFIX",
    "Doer",
    "EventDecision",
    "Happened",
    "content_of",
    "decide_events",
    "decision_bytes",
    "key_of",
    "nothing_left",
    "number_of",
    "went_back",
]
