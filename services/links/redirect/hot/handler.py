"""`GET|HEAD /r/{slug}`: from a share link to the store's page, with a signed token, the click being safe before.

Counted in microseconds: what can be prepared per link is prepared (`entry`), nothing waits for the database, and the
answer has few headers.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from starlette.types import Receive, Scope, Send

from contracts.events.tracking import Mark
from services.kernel.context import Context
from services.kernel.http.address import client_address
from services.kernel.http.limits import Limiter
from services.kernel.http.quick import QuickAnswer, lines
from services.kernel.ids import new_packed_id
from services.kernel.outbox import encode_row
from services.links.hosts.hot import Hosts, store_page
from services.links.redirect.domain.agents import shows_previews
from services.links.redirect.domain.click import channel_of, encode_moment, mark, referer_host, robots_read
from services.links.redirect.hot.beside import Beside
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


Preview = Callable[[Scope, Receive, Send, Entry, str], Awaitable[int]]
"""By the link and its click's token."""


class Visit(NamedTuple):
    """What is kept of how somebody opened a link."""

    mark: Mark
    channel: str | None
    referer_host: str | None


class Redirect:
    """What lives as long as the process: links in memory, clicks on their way, pages for links that lead nowhere."""

    def __init__(self, ctx: Context, *, cache: LinkCache, clicks: Clicks, dead_ends: DeadEnds) -> None:
        self._db = ctx.db
        self._live = ctx.live
        self._proxies = ctx.settings.trusted_proxies
        self._guesses = Limiter("unknown-links", per_minute=GUESSES_A_MINUTE)
        self.cache = cache
        self.beside = Beside()
        self.hosts = Hosts()
        self.others: dict[type[Any], Any] = {}
        """What other features keep as long as the process lives, by its type."""
        self.preview: Preview | None = None
        """Answers a messenger that shows people what is behind the link, instead of the redirect."""
        self._clicks = clicks
        self.dead_ends = dead_ends

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one click."""
        slug = scope["path"][len(PREFIX) :]
        entry = self.cache.ready(slug)
        if entry is None:
            entry = await self.find(scope, slug)
            if entry is None:
                return await self.unknown(scope, send)
        if self.is_foreign(scope, entry):
            return await self.unknown(scope, send)
        if self.is_over(entry):
            return await self.over(entry, scope, send)
        visit = _visit(scope)
        token, kind = await self.keep(entry, visit)
        if kind == "bot" and self.preview is not None and _shows_previews(scope):
            return await self.preview(scope, receive, send, entry, token.decode())
        headers = [(b"location", _location(entry, token, visit)), (b"content-length", b"0"), *_REST]
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
        if self.is_foreign(scope, entry):
            return None
        visit = _visit(scope)
        token, line = _click(entry, visit, microseconds)
        if visit.mark == "bot" and self.preview is not None and _shows_previews(scope):
            return None
        if not self._clicks.keep(line):
            return None
        if entry.by_visit:
            return 302, b"location: %b%b" % (_location(entry, token, visit), _REST_LINES), b""
        return 302, b"location: %b%b%b%b" % (entry.location_head, token, entry.location_tail, _REST_LINES), b""

    def is_foreign(self, scope: Scope, entry: Entry) -> bool:
        """Whether the link was opened under another store's link domain."""
        return self.hosts.any and self.hosts.foreign(dict(scope["headers"]).get(b"host"), entry.store_id)

    def is_over(self, entry: Entry) -> bool:
        """Whether a link leads nowhere any more."""
        return entry.gone or (entry.expires_us is not None and entry.expires_us <= self._live.microseconds())

    async def unknown(self, scope: Scope, send: Send) -> int:
        """Answers for a link that nobody has, or that is not under this name: with the way to the store whose name it
        is.
        """
        return await self.dead_ends.unknown(scope, send, store_page=await store_page(self._db, self.hosts, scope))

    async def over(self, entry: Entry, scope: Scope, send: Send) -> int:
        """Answers who comes too late: leads where the link says, else shows a page with the way to the store."""
        if entry.fallback is None:
            return await self.dead_ends.over(scope, send, store_page=entry.store_page)
        headers = [(b"location", entry.fallback), (b"content-length", b"0"), *_REST]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send(_NO_BODY)
        return 302

    async def click(self, scope: Scope, entry: Entry) -> tuple[bytes, Mark]:
        """Keeps a click, whoever opened the link in whatever way; returns its token and what it was. Raises
        `Unavailable`.
        """
        return await self.keep(entry, _visit(scope))

    async def keep(self, entry: Entry, visit: Visit) -> tuple[bytes, Mark]:
        """The same for a visit that is known already."""
        token, line = _click(entry, visit, self._live.microseconds())
        if not self._clicks.keep(line):
            await self._clicks.write_through(line)
        return token, visit.mark

    async def find(self, scope: Scope, slug: str) -> Entry | None:
        """Asks beyond this process's memory; who asks for many links that nobody has is asked to wait."""
        address = client_address(scope, trusted=self._proxies)
        self._guesses.enforce(scope, address, cost=0)
        entry = await self.cache.find(slug)
        if entry is None:
            self._guesses.take(address)
        return entry


def _shows_previews(scope: Scope) -> bool:
    return shows_previews(dict(scope["headers"]).get(b"user-agent", b""))


def _location(entry: Entry, token: bytes, visit: Visit) -> bytes:
    return entry.location(token, visit.channel, robot=robots_read(visit.mark))


def _visit(scope: Scope) -> Visit:
    """How somebody opened the link."""
    headers = dict(scope["headers"])
    query, referer = scope["query_string"], headers.get(b"referer")
    channel, host = channel_of(query) if query else None, referer_host(referer) if referer else None
    return Visit(mark(scope["method"], headers), channel, host)


def _click(entry: Entry, visit: Visit, microseconds: int) -> tuple[bytes, bytes]:
    """The click's token, and its event as a line of the spool."""
    click_id, packed = new_packed_id("clk", milliseconds=microseconds // 1000)
    kind, channel = visit.mark, visit.channel or entry.channel
    # Ids, words and hosts need no escaping.
    at, encoded = encode_moment(microseconds), click_id.encode()
    more = b',"channel":"%b"' % channel.encode() if channel else b""
    if visit.referer_host:
        more += b',"referer_host":"%b"' % visit.referer_host.encode()
    quality = kind.encode()
    if kind == "embedded":
        quality, more = b"prefetch", more + b',"embedded":true'
    data = b'%b,"click_id":"%b","at":"%b","quality":"%b"%b}' % (entry.data_head, encoded, at, quality, more)
    # The event's id follows from the click's, so that a repetition is recognised.
    line = encode_row(entry.row_head, b"evt_" + encoded[4:], at, data)
    return entry.tokens.issue(packed, microseconds=microseconds, mark=kind, channel=channel), line
