"""Names of facts: the same thing reported twice has the same name, however long ago, on whichever way it came. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from services.common import codes

CANCEL = "cancel"
"""The name of every cancellation from before it held its time."""


def report_id(reported: Sequence[object]) -> str:
    """The name of a report: a hash of everything that was reported, in a fixed order. When that was is no part of it.

    Moments must be in one zone: the same instant written otherwise would get another name.
    """
    return hashlib.blake2b(orjson.dumps(reported), digest_size=12).hexdigest()


def refund_id(refund: str, amount_minor: int, more: Sequence[object] = ()) -> str:
    """The name of a refund's report. All that was reported is part of it, so that a correction is seen and not lost."""
    content = f"{refund}\x1f{amount_minor}".encode()
    if any(more):
        content += b"\x1f" + orjson.dumps(more)
    return f"refund:{hashlib.blake2b(content, digest_size=12).hexdigest()}"


def cancel_id(at: datetime) -> str:
    """The name of a cancellation: an order that was reopened may be cancelled again."""
    return f"{CANCEL}:{at.astimezone(UTC).isoformat()}"


def readable(code: str) -> str | None:
    """How a text that cannot be a code is kept, to be shown: trimmed, upper case, short; None if it is blank.

    It must not become somebody's code by that: capitals make I of ı and SS of ß, and a cut text is another one.
    """
    text = "".join(sign if sign.isprintable() else "\ufffd" for sign in codes.seen(code))
    if not text.strip("\ufffd "):
        return None
    if len(text) > codes.MAX_CODE:
        text = text[: codes.MAX_CODE - 1] + "…"
    raised = text.upper()
    return raised if codes.fold(raised) is None and len(raised) <= codes.MAX_CODE else text
