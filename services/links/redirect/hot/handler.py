"""`GET|HEAD /r/{slug}`: from a share link to the store's page, with a signed token, the click being safe before.

Counted in microseconds: what can be prepared per link is prepared (`entry`), nothing waits for the database, and the
answer has few headers.
"""

from starlette.types import Receive, Scope, Send

from services.kernel.context import Context
from services.kernel.http.address import client_address
from services.kernel.http.limits import Limiter
from services.kernel.http.quick import QuickAnswer, lines
from services.kernel.ids import new_packed_id
from services.kernel.outbox import encode_row
from services.links.redirect.domain.click import channel_of, encode_moment, mark, referer_host
from services.links.redirect.hot.cache import LinkCache
from services.links.redirect.hot.clicks import Clicks
from services.links.redirect.hot.dead_ends import DeadEnds
from services.links.redirect.hot.entry import Entry

PREFIX = "/r/"
TYPED_PREFIX = "/R/"
"""As a keyboard that begins with a capital writes it, and as one who types a link in capitals."""
GUESSES_A_MINUTE = 120
"""Links that nobody has, per address: a mistyped one hurts nobody, a search through all of them gets nowhere."""
_REST = ((b"cache-control", b"private, no-store"), (b"referrer-policy", b"no-referrer"))
_REST_LINES = b"\r\n" + lines(_REST)
_NO_BODY = {"type": "http.response.body", "body": b""}


class Redirect:
    """What lives as long as the process: links in memory, clicks on their way, pages for links that lead nowhere."""

    def __init__(self, ctx: Context, *, cache: LinkCache, clicks: Clicks, dead_ends: DeadEnds) -> None:
        self._live = ctx.live
        self._proxies = ctx.settings.trusted_proxies
        self._guesses = Limiter("unknown-links", per_minute=GUESSES_A_MINUTE)
        self.cache = cache
        self._clicks = clicks
        self._dead_ends = dead_ends

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one click."""
        slug = scope["path"][len(PREFIX) :]
        entry = self.cache.ready(slug)
        if entry is None:
            entry = await self._find(scope, slug)
            if entry is None:
                return await self._dead_ends.unknown(scope, send)
        microseconds = self._live.microseconds()
        if entry.gone or (entry.expires_us is not None and entry.expires_us <= microseconds):
            return await self._dead_ends.over(scope, send, store_page=entry.store_page)
        token, line = _click(scope, entry, microseconds)
        if not self._clicks.keep(line):
            await self._clicks.write_through(line)
        location = b"%b%b%b" % (entry.location_head, token, entry.location_tail)
        headers = [(b"location", location), (b"content-length", b"0"), *_REST]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send(_NO_BODY)
        return 302

    def quick(self, scope: Scope, body: bytes) -> QuickAnswer | None:
        """The same for a link that is in memory and alive, while the spool has room."""
        slug = scope["path"][len(PREFIX) :]
        entry = self.cache.ready(slug)
        if entry is None or entry.gone:
            return None
        microseconds = self._live.microseconds()
        if entry.expires_us is not None and entry.expires_us <= microseconds:
            return None
        token, line = _click(scope, entry, microseconds)
        if not self._clicks.keep(line):
            return None
        return 302, b"location: %b%b%b%b" % (entry.location_head, token, entry.location_tail, _REST_LINES), b""

    async def _find(self, scope: Scope, slug: str) -> Entry | None:
        """Asks beyond this process's memory; who asks for many links that nobody has is asked to wait."""
        address = client_address(scope, trusted=self._proxies)
        self._guesses.enforce(scope, address, cost=0)
        entry = await self.cache.find(slug)
        if entry is None:
            self._guesses.take(address)
        return entry


def _click(scope: Scope, entry: Entry, microseconds: int) -> tuple[bytes, bytes]:
    """The click's token, and its event as a line of the spool."""
    headers = dict(scope["headers"])
    click_id, packed = new_packed_id("clk", milliseconds=microseconds // 1000)
    kind = mark(scope["method"], headers)
    query = scope["query_string"]
    channel = (channel_of(query) if query else None) or entry.channel
    referer = headers.get(b"referer")
    host = referer_host(referer) if referer else None
    # Ids, words and hosts need no escaping.
    at, encoded = encode_moment(microseconds), click_id.encode()
    more = b',"channel":"%b"' % channel.encode() if channel else b""
    if host:
        more += b',"referer_host":"%b"' % host.encode()
    quality = kind.encode()
    if kind == "embedded":
        quality, more = b"prefetch", more + b',"embedded":true'
    data = b'%b,"click_id":"%b","at":"%b","quality":"%b"%b}' % (entry.data_head, encoded, at, quality, more)
    # The event's id follows from the click's, so that a repetition is recognised.
    line = encode_row(entry.row_head, b"evt_" + encoded[4:], at, data)
    return entry.tokens.issue(packed, microseconds=microseconds, mark=kind), line
