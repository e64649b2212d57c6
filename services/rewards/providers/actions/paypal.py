"""PayPal's Payouts API: batches under a key of ours, and their pages."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

from cachetools import TLRUCache

from services.kernel.outbound import Answer as Given
from services.kernel.outbound import Outbound, OutboundError
from services.rewards.providers.domain import paypal as words
from services.rewards.providers.domain.port import (
    Answer,
    Barred,
    Clear,
    PayoutReport,
    Sending,
    Unclear,
    Wait,
    unsent,
    waited,
)

PURPOSE: Final = "payout-paypal"
_PAYOUTS: Final = "/v1/payments/payouts"
_PAGE_BYTES: Final = 512 * 1024
_MOST_PAGES: Final = 10
_MOST_ROUNDS: Final = 3
"""Within one run. What is left then is asked about in the next one."""
_EARLY_S: Final = 120
"""A token is not used any more so long before its end."""
_MOST_LIFE_S: Final = 8 * 3600
_Token = tuple[str, int]


def _ends(_: object, token: _Token, now: float) -> float:
    return now + token[1]


_TOKENS: Final[TLRUCache[bytes, _Token]] = TLRUCache(maxsize=1_000, ttu=_ends)
"""Access tokens of this process, by a hash of what they were given for: PayPal wants them used until they end."""


@dataclass(frozen=True, slots=True)
class PayPal:
    """An app of a PayPal business account."""

    outbound: Outbound
    base_url: str
    client_id: str
    secret: str

    async def pay(self, sending: Sending, *, first: bool, now: datetime) -> Answer:
        """Makes the batch, or finds the one that lies under its key.

        A batch that is refused for some receivers is given once more without them, under the same key. Only when it is
        made then is it certain that they are in none.
        """
        wrong: dict[str, str] = {}
        for _ in range(_MOST_ROUNDS):
            left = replace(sending, transfers=[one for one in sending.transfers if one.payout_id not in wrong])
            if not any(one.to is not None for one in left.transfers):
                return Clear(_failed(sending, wrong)) if first else Unclear("nobody_left")
            given = await self._call("POST", _PAYOUTS, now, content=words.body_of(left))
            if not isinstance(given, Given):
                return given
            more = words.wrong_items(left, given.status, given.body)
            if not more:
                answer = words.created(left, given.status, given.body, first=first)
                if isinstance(answer, Clear) and answer.reports:
                    out = [one for one in sending.transfers if one.payout_id in wrong]
                    return Clear([*answer.reports, *_failed(replace(sending, transfers=out), wrong)], answer.remote_id)
                return answer
            wrong |= more
        return Unclear("refused")

    async def look_up(self, sending: Sending, *, now: datetime) -> Answer:
        """Reads the batch, all of its pages."""
        if sending.remote_id is None:
            return Unclear("no_number")
        pages: list[Mapping[str, Any]] = []
        for number in range(1, _MOST_PAGES + 1):
            query = urlencode({"page_size": words.PAGE, "page": number, "total_required": "true"})
            given = await self._call("GET", f"{_PAYOUTS}/{sending.remote_id}?{query}", now)
            if not isinstance(given, Given):
                return given
            page = words.read_page(given.body) if given.ok else None
            if page is None:
                return Barred(f"status_{given.status}") if given.status == 403 else Unclear(f"status_{given.status}")
            pages.append(page)
            if words.count_of(page) < words.PAGE:
                break
        return words.listed(sending, pages)

    async def check(self, *, now: datetime) -> str | None:
        """Asks for a token, and whether the app may pay out."""
        _TOKENS.pop(self._mark, None)
        given = await self._ask_token(now)
        if not isinstance(given, Given):
            return given.why if isinstance(given, Unclear | Barred) else "busy"
        found = words.token_of(given.body)
        if found is None:
            return "unreadable"
        return None if words.SCOPE in found[2].split() else "no_payouts"

    async def _call(self, method: str, path: str, now: datetime, *, content: bytes | None = None) -> Given | Answer:
        """A call with a token; where that is not taken, once more with a new one."""
        for fresh in (False, True):
            token = await self._token(now, fresh=fresh)
            if not isinstance(token, str):
                return token
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            given = await self._send(method, path, headers, content, now)
            if not isinstance(given, Given) or given.status != 401 or fresh:
                return given
        raise AssertionError("unreachable")

    async def _token(self, now: datetime, *, fresh: bool) -> str | Answer:
        if not fresh and (kept := _TOKENS.get(self._mark)) is not None:
            return kept[0]
        given = await self._ask_token(now)
        if not isinstance(given, Given):
            # Without a token nothing was asked: what is unclear of it is no doubt about any payout.
            return Barred(given.why) if isinstance(given, Unclear) else given
        found = words.token_of(given.body)
        if found is None:
            return Barred("token_unreadable")
        token, lives, _ = found
        if lives > _EARLY_S:
            _TOKENS[self._mark] = (token, min(lives, _MOST_LIFE_S) - _EARLY_S)
        return token

    async def _ask_token(self, now: datetime) -> Given | Answer:
        pair = b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        headers = {"authorization": f"Basic {pair}", "content-type": "application/x-www-form-urlencoded"}
        given = await self._send("POST", "/v1/oauth2/token", headers, b"grant_type=client_credentials", now)
        if isinstance(given, Given) and not given.ok:
            return Barred("credentials" if given.status in (400, 401, 403) else f"token_status_{given.status}")
        return given

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None, now: datetime
    ) -> Given | Answer:
        try:
            given = await self.outbound.send(
                method,
                self.base_url + path,
                purpose=PURPOSE,
                headers={"accept": "application/json", **headers},
                content=content,
                most_bytes=_PAGE_BYTES,
            )
        except OutboundError as error:
            return Unclear(error.reason)
        return Wait(waited(given.retry_after(now))) if given.status == 429 else given

    @property
    def _mark(self) -> bytes:
        return sha256("\n".join((self.base_url, self.client_id, self.secret)).encode()).digest()


def _failed(sending: Sending, wrong: Mapping[str, str]) -> Sequence[PayoutReport]:
    """All of a sending, none of which is in any batch."""
    return [
        unsent(one) if one.to is None else words.refused(one, "VALIDATION_ERROR", wrong.get(one.payout_id))
        for one in sending.transfers
    ]
