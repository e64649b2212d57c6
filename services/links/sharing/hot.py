"""`POST /v1/share`: what `<kith-share>` shows on a page of the store.

Asked by a publishable key, which everybody can read: so the answer holds what the store's public pages say, and of an
ambassador the link that the page knows already, or by the proof of the store's server link and code.
"""

import time

from starlette.types import Receive, Scope, Send

from services.kernel.context import Context
from services.kernel.http.address import client_address, is_own_machine
from services.kernel.http.credentials import authorize
from services.kernel.http.hot import answer_json, begin, headers_of, parse, read_body
from services.kernel.http.limits import Limiter
from services.links.redirect.hot.entry import Entry
from services.links.redirect.hot.handler import Redirect
from services.links.sharing import actions
from services.links.sharing.actions import Sharer, Shown
from services.links.sharing.schemas import ShareAsk, ShareOffer

ADDRESS_A_MINUTE = 240
"""Pages with one key from one address."""
GUESSES_A_MINUTE = 60
"""Slugs of no link of the store, with one key from one address: beyond it the page's link is not looked for. Counted
apart from what the redirect is asked for, so that a page with a stray link uses up nobody's clicks.
"""
_MOST_BYTES = 8 * 1024


class _Lately:
    """What pages were shown in the last seconds: many visitors of one store are no more statements than one."""

    KEPT_S = 2.0
    """As long as a link is remembered after a change of it."""
    MOST = 1000

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str | None], tuple[float, Shown]] = {}

    def get(self, asked: tuple[str, str | None]) -> Shown | None:
        """What was shown of this store and program, if it is new enough."""
        until, shown = self._kept.get(asked, (0.0, None))
        return shown if time.monotonic() < until else None

    def put(self, asked: tuple[str, str | None], shown: Shown) -> None:
        """Keeps it for a moment."""
        if len(self._kept) >= self.MOST:
            self._kept.clear()
        self._kept[asked] = (time.monotonic() + self.KEPT_S, shown)


class Share:
    """Answers pages. Lives as long as the process."""

    def __init__(self, ctx: Context, redirect: Redirect) -> None:
        self._ctx = ctx
        self._redirect = redirect
        self._addresses = Limiter("share", per_minute=ADDRESS_A_MINUTE)
        self._guesses = Limiter("unknown-share", per_minute=GUESSES_A_MINUTE)
        self._shown = _Lately()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one page."""
        headers = headers_of(scope)
        caller = authorize(self._ctx, headers, "track")
        asked = parse(ShareAsk, await read_body(scope, receive, limit=_MOST_BYTES))
        address = client_address(scope, trusted=self._ctx.settings.trusted_proxies)
        if not is_own_machine(address):
            self._addresses.admit(scope, f"{caller.key_id} {address}")
        begin(headers)
        entry = await self._link(caller.store_id, asked.slug, f"{caller.key_id} {address}")
        found = await self._offer(caller.store_id, asked, entry)
        return await answer_json(send, 200, found.model_dump_json().encode())

    async def _offer(self, store_id: str, asked: ShareAsk, entry: Entry | None) -> ShareOffer:
        shown = self._shown.get((store_id, asked.program_id))
        known = None
        if shown is None or asked.customer is not None:
            async with self._ctx.db.transaction([store_id]) as tx:
                if shown is None:
                    shown = await actions.shown(tx, store_id, asked.program_id)
                    self._shown.put((store_id, asked.program_id), shown)
                if asked.customer is not None:
                    known = await actions.sharer(self._ctx, tx, shown.version, asked.customer)
        if known is None and entry is not None and entry.program_id == shown.version.program_id:
            known = Sharer(entry.slug, None)
        return actions.offer(self._ctx, shown, asked, known)

    async def _link(self, store_id: str, slug: str | None, whose: str) -> Entry | None:
        """The store's link of that slug, if it leads somewhere."""
        if slug is None:
            return None
        entry = self._redirect.cache.ready(slug)
        if entry is None or entry.store_id != store_id:
            if not self._guesses.take(whose, cost=0).remaining:
                return None
            entry = await self._redirect.cache.find(slug)
        if entry is None or entry.store_id != store_id:
            self._guesses.take(whose)
            return None
        return None if self._redirect.is_over(entry) else entry
