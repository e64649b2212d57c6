"""`POST /v1/track`: a page's report is in the spool before the answer, and in the database a moment later."""

from starlette.types import Receive, Scope, Send

from services.attribution.tracking import actions
from services.attribution.tracking.schemas import TrackIn
from services.kernel.auth.api_keys import Caller
from services.kernel.context import Context
from services.kernel.http.credentials import authorize
from services.kernel.http.hot import answer, begin, headers_of, parse, read_body, start
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
MOST_BYTES = 16 * 1024
"""A page has little to say; more is a mistake or worse."""


class Tracks:
    """Takes pages' reports in. Lives as long as the process."""

    def __init__(self, ctx: Context, spool: Spool) -> None:
        self._ctx = ctx
        self._spool = spool
        self._lately: tuple[set[str], set[str]] = set(), set()
        """Reports that were kept not long ago, the latest and those before: told again they need no more room."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one report. Its content type is not asked: browsers send `text/plain` to need no preflight."""
        headers = headers_of(scope)
        caller = authorize(self._ctx, headers.get(b"authorization"), "track")
        body = self._keep(caller, headers, await read_body(scope, receive, limit=MOST_BYTES))
        return await answer(send, _ACCEPTED[body], body)

    def quick(self, scope: Scope, body: bytes) -> QuickAnswer | None:
        """The same for a report that has arrived whole: nothing of it waits."""
        headers = headers_of(scope)
        caller = authorize(self._ctx, headers.get(b"authorization"), "track")
        if len(body) > MOST_BYTES:
            return None
        return _QUICKLY[self._keep(caller, headers, body)]

    def _keep(self, caller: Caller, headers: dict[bytes, bytes], body: bytes) -> bytes:
        """Keeps the report; returns the answer's body."""
        told = parse(TrackIn, body)
        begin(headers)
        ring, live, store_id = self._ctx.ring, self._ctx.live, caller.store_id
        proven = actions.proven(ring, store_id, told, live.revoked)
        line = actions.line_of(ring, store_id, told, live.now(), is_proven=proven)
        if not any(line.track_id in kept for kept in self._lately):
            self._spool.append(line.text)
            self._remember(line.track_id)
        if told.proof is None:
            return _BODY
        return _PROVEN if proven else _UNPROVEN

    def _remember(self, track_id: str) -> None:
        latest, _ = self._lately
        if len(latest) >= _MOST_REMEMBERED:
            self._lately = {track_id}, latest
        else:
            latest.add(track_id)
