"""`POST /v1/track`: a page's report is in the spool before the answer, and in the database a moment later.

Everybody can read a publishable key, so what comes with one is bounded: per key and address, and what proves nothing
per key. A report with a token of ours, or with a store's proof, is never refused for what others sent: whoever spends
a key's budget, or shares an address with many, keeps no friend's visit out. Costs some three microseconds.
"""

from starlette.types import Receive, Scope, Send

from contracts.events.tracking import TokenClaims
from services.attribution.tracking import actions
from services.attribution.tracking.schemas import TrackIn
from services.common import click_token
from services.common.click_token import ReadToken
from services.common.own_placeholders import OwnPlaceholders
from services.kernel.auth.api_keys import Caller
from services.kernel.context import Context
from services.kernel.errors import TooMany
from services.kernel.http.address import client_address, is_own_machine
from services.kernel.http.credentials import authorize
from services.kernel.http.hot import answer, begin, headers_of, parse, read_body, start
from services.kernel.http.limits import HEADERS, Limiter
from services.kernel.http.quick import QuickAnswer, lines
from services.kernel.spool import Spool

_BODY = b'{"status":"accepted"}'
_PROVEN = b'{"status":"accepted","proven":true}'
_UNPROVEN = b'{"status":"accepted","proven":false}'
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_ACCEPTED = {
    body: start(202, ((b"content-length", b"%d" % len(body)), *_HEADERS)) for body in (_BODY, _PROVEN, _UNPROVEN)
}
_QUICKLY = {body: (202, lines(_HEADERS), body) for body in _ACCEPTED}
_MOST_REMEMBERED = 10_000
"""Of each of the two sets: together about 3 MB."""
ADDRESS_A_MINUTE = 600
"""Reports with one key from one address: a household, an office, a part of a carrier's customers."""
KEY_A_MINUTE = 60_000
"""Reports with one key that prove nothing, from everywhere."""
PROVEN_A_MINUTE = 60
"""Reports of one click, or of one proven customer, from an address whose budget is spent."""
MOST_BYTES = 16 * 1024
"""A page has little to say; more is a mistake or worse."""


class _Budgets:
    """How much may be reported, in this process."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._addresses = Limiter("track", per_minute=ADDRESS_A_MINUTE)
        self._keys = Limiter("track-unproven", per_minute=KEY_A_MINUTE)
        self._proven = Limiter("track-proven", per_minute=PROVEN_A_MINUTE)

    def spend(
        self, scope: Scope, caller: Caller, reported: TrackIn, token: ReadToken | None, *, is_proven: bool
    ) -> None:
        """Raises `TooMany`."""
        address = client_address(scope, trusted=self._ctx.settings.trusted_proxies)
        who = f"{caller.key_id} {address}"
        evidence = _evidence(caller, reported, token, is_proven=is_proven)
        if evidence is None:
            if not is_own_machine(address):
                self._addresses.admit(scope, who)
            self._keys.admit(scope, caller.key_id)
        elif not is_own_machine(address) and not self._addresses.take(who).allowed:
            self._proven.admit(scope, evidence)


def _evidence(caller: Caller, reported: TrackIn, token: ReadToken | None, *, is_proven: bool) -> str | None:
    """The click, or else the customer, that the report proves."""
    if token is not None and isinstance(token, TokenClaims):
        return token.click_id
    if is_proven and reported.customer is not None:
        return f"{caller.store_id} {reported.customer.id}"
    return None


class Tracks:
    """Takes pages' reports in. Lives as long as the process."""

    def __init__(self, ctx: Context, spool: Spool, placeholders: OwnPlaceholders) -> None:
        self._ctx = ctx
        self._placeholders = placeholders
        self._spool = spool
        self._lately: tuple[set[str], set[str]] = set(), set()
        """Reports that were kept not long ago, the latest and those before: reported again they need no more room."""
        self._budgets = _Budgets(ctx)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one report. Its content type is not asked: browsers send `text/plain` to need no preflight."""
        headers = headers_of(scope)
        caller = authorize(self._ctx, headers, "track")
        body = self._keep(scope, caller, headers, await read_body(scope, receive, limit=MOST_BYTES))
        return await answer(send, _ACCEPTED[body], body)

    def quick(self, scope: Scope, body: bytes) -> QuickAnswer | None:
        """The same for a report that has arrived whole: nothing of it waits."""
        headers = headers_of(scope)
        caller = authorize(self._ctx, headers, "track")
        if len(body) > MOST_BYTES:
            return None
        try:
            return _QUICKLY[self._keep(scope, caller, headers, body)]
        except TooMany:
            scope.pop(HEADERS, None)  # the handler says it, with its own
            return None

    def _keep(self, scope: Scope, caller: Caller, headers: dict[bytes, bytes], body: bytes) -> bytes:
        """Keeps the report; returns the answer's body."""
        reported = parse(TrackIn, body)
        ring, live, store_id = self._ctx.ring, self._ctx.live, caller.store_id
        proven = actions.proven(ring, store_id, reported, live.revoked)
        token = None if reported.token is None else click_token.read(ring, reported.token, store_id=store_id)
        self._budgets.spend(scope, caller, reported, token, is_proven=proven)
        begin(headers)
        nobody = self._placeholders.of(store_id)
        line = actions.line_of(ring, store_id, reported, live.now(), token=token, is_proven=proven, nobody=nobody)
        latest, before = self._lately
        if line.track_id not in latest and line.track_id not in before:
            self._spool.append(line.text)
            self._remember(line.track_id)
        if reported.proof is None:
            return _BODY
        if proven:
            return _PROVEN
        self._ctx.sightings.note(store_id, "customer", live.microseconds(), reason="proof_wrong")
        return _UNPROVEN

    def _remember(self, track_id: str) -> None:
        latest, _ = self._lately
        if len(latest) >= _MOST_REMEMBERED:
            self._lately = {track_id}, latest
        else:
            latest.add(track_id)
