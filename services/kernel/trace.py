"""W3C trace context of the work in hand: from the HTTP request through outbox and bus to the consumer."""

import os
import re
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
_current: ContextVar[str | None] = ContextVar("kith_traceparent", default=None)


def current() -> str | None:
    """The `traceparent` of the work in hand, or None outside of any."""
    return _current.get()


def start(incoming: str | None) -> str:
    """Continues the caller's trace with a span of our own, or begins one. Returns the `traceparent` now in force."""
    if incoming and _TRACEPARENT.match(incoming):
        value = f"{incoming[:36]}{os.urandom(8).hex()}-{incoming[-2:]}"
    else:
        value = f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01"
    _current.set(value)
    return value


def set_current(traceparent: str | None) -> None:
    """Makes a received `traceparent` the one in force (a consumer does, for each event it handles alone)."""
    _current.set(traceparent)
