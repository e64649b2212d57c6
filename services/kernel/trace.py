"""W3C trace context of the work in hand: from the HTTP request through outbox and bus to the consumer."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from random import getrandbits

from services.kernel.revisions import Ref

_TRACEPARENT = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
_current: ContextVar[str | None] = ContextVar("kith_traceparent", default=None)
_parents: ContextVar[Mapping[Ref, str | None] | None] = ContextVar("kith_trace_parents", default=None)


def current(about: Ref | None = None) -> str | None:
    """The `traceparent` of the work in hand, or None outside of any. In work for many at once: that of the part that is
    about the same subject, if there is one.
    """
    parents = _parents.get()
    if parents is not None and about is not None:
        found = parents.get(about)
        if found is not None:
            return found
    return _current.get()


def start(incoming: str | None) -> str:
    """Continues the caller's trace with a span of our own, or begins one. Returns the `traceparent` now in force."""
    if incoming and _TRACEPARENT.match(incoming):
        value = f"{incoming[:36]}{getrandbits(64) or 1:016x}-{incoming[-2:]}"
    else:
        chance = f"{getrandbits(192):048x}"  # neither part will be zero, which would be no id, before the sun is gone
        value = f"00-{chance[:32]}-{chance[32:]}-01"
    _current.set(value)
    return value


def follow(first: str | None, by_subject: Mapping[Ref, str | None]) -> None:
    """Makes the traces of a batch those in force: each for its subject, the first for the rest."""
    _current.set(first)
    _parents.set(by_subject)
