"""A store's own endpoint: signed calls, one payout each, and signed look-ups by the same key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.common.signatures import signed_headers
from services.kernel.auth.sessions import real_time
from services.kernel.ids import new_id
from services.kernel.outbound import Answer as Given
from services.kernel.outbound import Outbound, OutboundError
from services.rewards.providers.domain import http as words
from services.rewards.providers.domain.port import (
    Absent,
    Answer,
    Barred,
    Clear,
    Sending,
    Unclear,
    Wait,
    unsent,
    waited,
)

PURPOSE: Final = "payout-http"
_NEVER_LEFT: Final = frozenset({"bad_url", "address_refused"})
"""Why a call was not even begun."""


@dataclass(frozen=True, slots=True)
class HttpProvider:
    """The endpoint behind an address. `keys` sign, the newest first."""

    outbound: Outbound
    url: str
    keys: Sequence[bytes]

    async def pay(self, sending: Sending, *, first: bool, now: datetime) -> Answer:
        """Posts the payout, signed."""
        (one,) = sending.transfers
        if one.to is None:
            return Clear([unsent(one)])
        given = await self._given(words.body_of(one), key=one.payout_id)
        return _read(one.payout_id, given, now, look_up=False)

    async def look_up(self, sending: Sending, *, now: datetime) -> Answer:
        """Asks what became of it."""
        (one,) = sending.transfers
        return _read(one.payout_id, await self._given(words.question_of(one.payout_id)), now, look_up=True)

    async def check(self, *, now: datetime) -> str | None:
        """Asks about a payout that there never was: who verifies signatures and keeps a book says so."""
        name = new_id("pay")
        match _read(name, await self._given(words.question_of(name)), now, look_up=True):
            case Absent():
                return None
            case Barred(why) | Unclear(why):
                return why
            case Wait():
                return "busy"
            case _:
                return "knows_unknown"

    async def _given(self, body: bytes, *, key: str | None = None) -> Given | str:
        """What was answered, or why nothing was. A payout is a message under its own id; a question is a new one."""
        headers = {
            "accept": "application/json",
            "content-type": "application/json",
            **({} if key is None else {"idempotency-key": key}),
            **signed_headers(self.keys, key or new_id("ask"), int(real_time().timestamp()), body),
        }
        try:
            return await self.outbound.send(
                "POST", self.url, purpose=PURPOSE, headers=headers, content=body, most_bytes=8 * 1024
            )
        except OutboundError as error:
            return error.reason


def _read(payout_id: str, given: Given | str, now: datetime, *, look_up: bool) -> Answer:
    if isinstance(given, str):
        return Barred(given) if given in _NEVER_LEFT else Unclear(given)
    if given.status == 429:
        return Wait(waited(given.retry_after(now)))
    return words.answer_of(payout_id, given.status, given.body, look_up=look_up)
