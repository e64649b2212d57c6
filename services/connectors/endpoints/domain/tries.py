"""What an answer means, when the next try comes, and when an endpoint is left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

Off = Literal["by_hand", "gone", "asked", "failing"]
"""Why an endpoint is not called: its owner said so, it answered 410, it asked for it, or it failed for days."""
State = Literal["waiting", "delivered", "failed", "skipped", "withdrawn"]
"""Of a delivery. `skipped`: its endpoint was off, or is deleted; `withdrawn`: it was about a person or
a link that is gone."""

WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""After each failed try; the eighth is the last, 27 hours and a half after the first."""
JITTER: Final = 0.2
FAILING_FOR: Final = timedelta(days=5)
"""An endpoint that answered nothing well for so long is turned off at its next failure."""
SEND_S: Final = 15.0
"""For a whole call: connecting, TLS, the answer's first bytes."""
ANSWER_BYTES: Final = 2048
NO_SECRET_WAIT: Final = timedelta(minutes=10)
"""While an endpoint's secrets cannot be opened: the operator puts the lost key back, or its owner asks for another."""
LONGEST_OVERLAP: Final = timedelta(days=7)
MOST_ENDPOINTS: Final = 20
_AWAY: Final = frozenset({429, 502, 503, 504})
"""Answers that are about the endpoint and not about the message."""
HELD_SHORTEST: Final = timedelta(seconds=15)
_HELD_LONGEST: Final = timedelta(minutes=5)
_HELD_FROM: Final = 2
_HELD_STEP: Final = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a try came to. `reason` is a word for the log, empty for a delivery."""

    outcome: Literal["delivered", "again", "never"]
    reason: str = ""
    off: Off | None = None
    away: bool = False
    """Whether the endpoint did not answer as one that is there: others would fare the same."""
    after: timedelta | None = None
    """What it asked for."""


def of_answer(status: int, headers: Mapping[str, str], after: timedelta | None) -> Verdict:
    """Of an answer. Only 2xx is a delivery; a redirect is none."""
    wish = headers.get("webhook-delivery", "").strip().lower()
    off: Off | None = "asked" if wish == "disable" else None
    if 200 <= status < 300:
        return Verdict("delivered", off=off)
    if status == 410:
        return Verdict("never", "gone", off="gone")
    if off or wish == "abort-message":
        return Verdict("never", "unwanted", off=off)
    return Verdict("again", "refused", away=status in _AWAY, after=after)


def of_failure(reason: str, *, passing: bool) -> Verdict:
    """Of a call without an answer."""
    return Verdict("again" if passing else "never", reason, away=passing)


def wait_after(failures: int, asked: timedelta | None, chance: float) -> timedelta | None:
    """How long until the next try of a message that had failed so often before; None if that was the last. `chance` is
    between 0 and 1. Never sooner than the endpoint asked.
    """
    if failures >= len(WAITS):
        return None
    usual = WAITS[failures] * (1 + JITTER * (2 * chance - 1))
    return usual if asked is None else max(usual, asked)


def hold_of(streak: int) -> timedelta:
    """How long an endpoint that was away `streak` times in a row is left alone, so that it keeps no worker waiting.
    Less than what its first message waits anyway.
    """
    if streak < _HELD_FROM:
        return timedelta()
    return min(_HELD_LONGEST, HELD_SHORTEST * (1 << min(streak // _HELD_STEP, 10)))


def readable(answer: bytes) -> str:
    """The beginning of an answer as the log keeps it: text, without what no column and no page can hold."""
    text = answer[:ANSWER_BYTES].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)
