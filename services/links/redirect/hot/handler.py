"""`GET|HEAD /r/{slug}`: from a share link to the store's page, with a signed token, the click being safe before.

Counted in microseconds: what can be prepared per link is prepared (`entry`), nothing waits for the database, and the
answer has few headers.
"""

from datetime import datetime

from starlette.types import Receive, Scope, Send

from contracts.events.tracking import TokenClaims
from services.kernel.auth import click_token
from services.kernel.context import Context
from services.kernel.ids import new_id
from services.links.redirect.domain import channel_of, quality, referer_host
from services.links.redirect.hot.cache import LinkCache
from services.links.redirect.hot.clicks import Clicks
from services.links.redirect.hot.dead_ends import DeadEnds
from services.links.redirect.hot.entry import Entry

PREFIX = "/r/"
_REST = ((b"content-length", b"0"), (b"cache-control", b"private, no-store"), (b"referrer-policy", b"no-referrer"))
_NO_BODY = {"type": "http.response.body", "body": b""}


class Redirect:
    """What lives as long as the process: links in memory, clicks on their way, pages for links that lead nowhere."""

    def __init__(self, ctx: Context, *, cache: LinkCache, clicks: Clicks, dead_ends: DeadEnds) -> None:
        self._ring = ctx.ring
        self._live = ctx.live
        self.cache = cache
        self._clicks = clicks
        self._dead_ends = dead_ends

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one click."""
        slug = scope["path"][len(PREFIX) :]
        entry = self.cache.ready(slug)
        if entry is None:
            slug = slug.rstrip("/")
            entry = await self.cache.find(slug)
            if entry is None:
                return await self._dead_ends.unknown(scope, send)
        at = self._live.now()
        if entry.gone or (entry.expires_at is not None and entry.expires_at <= at.timestamp()):
            return await self._dead_ends.over(scope, send)
        token, line = self._click(scope, entry, at)
        await self._clicks.keep(line)
        location = entry.location_head + token.encode() + entry.location_tail
        await send({"type": "http.response.start", "status": 302, "headers": [(b"location", location), *_REST]})
        await send(_NO_BODY)
        self.cache.refresh_if_old(slug, entry)
        return 302

    def _click(self, scope: Scope, entry: Entry, at: datetime) -> tuple[str, bytes]:
        """The click's token, and its event as a line."""
        headers = dict(scope["headers"])
        click_id = new_id("clk", at=at)
        kind = quality(scope["method"], headers)
        query = scope["query_string"]
        channel = (channel_of(query) if query else None) or entry.channel
        referer = headers.get(b"referer")
        host = referer_host(referer) if referer else None
        claims = TokenClaims.model_construct(
            None,
            click_id=click_id,
            link_id=entry.link_id,
            program_id=entry.program_id,
            ambassador_id=entry.ambassador_id,
            at=at,
            quality=kind,
        )
        rest = f',"click_id":"{click_id}","at":"{at.isoformat()}","quality":"{kind}"'
        if channel:
            rest += f',"channel":"{channel}"'
        if host:
            rest += f',"referer_host":"{host}"'
        return click_token.issue(self._ring, entry.store_id, claims), entry.event_head + rest.encode() + b"}"
