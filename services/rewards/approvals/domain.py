"""What an answer of the store's server means, and when it is asked again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import orjson

WAITS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each try without an answer; the tenth is the last, about three days after the first. Then people decide."""
JITTER: Final = 0.2
AWAY: Final = timedelta(seconds=30)
"""How long a server that does not answer at all is left alone, with all that it is to be asked."""
ASK_S: Final = 15.0
ANSWER_BYTES: Final = 8192
LONGEST_NOTE: Final = 500

Outcome = Literal["allowed", "refused", "waiting", "unanswered", "obsolete"]
"""Of a question: passed, refused, asked again, asked for too long, or overtaken by what happened meanwhile."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a try came to. `word` says why it is no answer, for logs and pages; `note` is the store's own reason."""

    outcome: Literal["allowed", "refused", "waiting"]
    word: str = ""
    note: str | None = None
    away: bool = False
    after: timedelta | None = None


def of_answer(status: int, body: bytes, after: timedelta | None = None) -> Verdict:
    """Of an answer. Only 409 or 422 with `{"allow": false}` refuses, and a 2xx lets pass; money neither moves nor is
    lost by anything else: a proxy's error page, a redirect, a body that contradicts its status.
    """
    answer = _parsed(body)
    if 200 <= status < 300:
        return Verdict("waiting", "contradiction") if answer.get("allow") is False else Verdict("allowed")
    if status in (409, 422) and answer.get("allow") is False:
        return Verdict("refused", note=_note(answer.get("reason")))
    return Verdict("waiting", "no_answer", away=status in (429, 502, 503, 504), after=after)


def of_failure(reason: str) -> Verdict:
    """Of a call without an answer."""
    return Verdict("waiting", reason, away=True)


def wait_after(failures: int, asked: timedelta | None, chance: float) -> timedelta | None:
    """How long until the next try of a question that had failed so often before; None if that was the last. `chance` is
    between 0 and 1. Never sooner than the server asked.
    """
    if failures >= len(WAITS):
        return None
    usual = WAITS[failures] * (1 + JITTER * (2 * chance - 1))
    return usual if asked is None else max(usual, asked)


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _note(reason: object) -> str | None:
    """The store's reason as it is kept: one line of printable text."""
    if not isinstance(reason, str):
        return None
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    return line[:LONGEST_NOTE] or None
