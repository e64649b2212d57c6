"""The port to whoever sends SMS, and its one adapter: signed JSON to an address of the store's.

The message's id is the idempotency key: a gateway that has taken it answers a repetition as it answered at first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol, TypeAlias

import orjson

from services.common.signatures import signed_headers
from services.kernel.auth.sessions import real_time
from services.kernel.outbound import Answer, Outbound, OutboundError

PURPOSE: Final = "sms"
LONGEST_WAIT: Final = timedelta(hours=1)
"""A lane is held no longer at a time: who mends a gateway is not kept waiting for a day."""
_WAIT: Final = timedelta(seconds=30)
_MOST_BYTES: Final = 8 * 1024
_PASSING: Final = frozenset({408, 425})
_NOT_OURS: Final = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """A message as a gateway gets it."""

    id: str
    to: str
    text: str
    sender: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The gateway sends it. `id` is its own number of it, for who asks there."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """The gateway wants to be left in peace for a while."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Away:
    """No usable answer: it may have been taken, and is given again under the same id."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not sent. `why` says whether the number gets none at all, or the gateway takes nothing from us."""

    why: Literal["unknown_number", "opted_out", "message", "gateway"]
    status: int


Verdict: TypeAlias = Taken | Wait | Away | Refused


class Gateway(Protocol):
    """Whoever sends SMS."""

    async def send(self, sms: Sms, *, now: datetime) -> Verdict:
        """Has a message sent, once, however often it is given under its id."""


@dataclass(frozen=True, slots=True)
class HttpGateway:
    """A gateway behind an https address, or what a store has put before one."""

    outbound: Outbound
    url: str
    keys: Sequence[bytes]

    async def send(self, sms: Sms, *, now: datetime) -> Verdict:
        """Posts it, signed."""
        body = orjson.dumps({"id": sms.id, "to": sms.to, "text": sms.text, "sender": sms.sender})
        headers = {
            "content-type": "application/json",
            **signed_headers(self.keys, sms.id, int(real_time().timestamp()), body),
        }
        try:
            answer = await self.outbound.send(
                "POST", self.url, purpose=PURPOSE, headers=headers, content=body, most_bytes=_MOST_BYTES, whole=False
            )
        except OutboundError:
            return Away()
        return verdict_of(answer, now)


def verdict_of(answer: Answer, now: datetime) -> Verdict:
    """What an answer means."""
    body = _read(answer)
    if answer.ok:
        ident = body.get("id")
        return Taken(ident[:64] if isinstance(ident, str) else "")
    if answer.status in (429, 503):
        asked = answer.retry_after(now)
        after = _WAIT if asked is None else asked
        return Wait(min(max(after, timedelta(seconds=1)), LONGEST_WAIT))
    if answer.status >= 500 or answer.status in _PASSING:
        return Away()
    match body.get("error"):
        case "unknown_number":
            return Refused("unknown_number", answer.status)
        case "opted_out":
            return Refused("opted_out", answer.status)
    return Refused("gateway" if answer.status in _NOT_OURS else "message", answer.status)


def _read(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
