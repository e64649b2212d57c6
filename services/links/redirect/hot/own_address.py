"""`POST /v1/clicks`: the click on a link to the store's own address, `https://shop.example/p/7?ref=anna`.

No redirect stands before such a page, so the page itself asks for the token: a slug, which anybody can read and type,
proves nothing. Asked by a publishable key from a page of the store's own domains, and by `kith.js` only for a page that
somebody looks at. What opened it is classified as at the redirect.
"""

from starlette.types import Receive, Scope, Send

from services.kernel.auth.api_keys import Caller
from services.kernel.context import Context
from services.kernel.errors import AppError, Forbidden, NotFound
from services.kernel.http.address import client_address, is_own_machine
from services.kernel.http.credentials import authorize
from services.kernel.http.hot import answer_json, begin, headers_of, parse, read_body
from services.kernel.http.limits import Limiter
from services.links.redirect.domain.agents import is_robot
from services.links.redirect.domain.click import referer_host
from services.links.redirect.hot.entry import Entry
from services.links.redirect.hot.handler import Redirect, Visit
from services.links.redirect.schemas import ClickIn, ClickOut
from services.links.stores.domain import Address, BadAddress, own_page

ADDRESS_A_MINUTE = 120
"""Clicks with one key from one address: an office, a part of a carrier's customers."""
GUESSES_A_MINUTE = 120
"""Slugs of no link of the store, with one key from one address. Counted apart from the clicks, and from the slugs that
the redirect is asked for: who guesses here, or opens pages with a stray `ref=`, uses up nobody's clicks.
"""
_MOST_BYTES = 4 * 1024


class LinkOver(AppError):
    """The link has ended."""

    status, code = 410, "link_over"


class OwnAddress:
    """Answers pages that were opened with a slug. Lives as long as the process."""

    def __init__(self, ctx: Context, redirect: Redirect) -> None:
        self._ctx = ctx
        self._redirect = redirect
        self._addresses = Limiter("clicks", per_minute=ADDRESS_A_MINUTE)
        self._guesses = Limiter("unknown-clicks", per_minute=GUESSES_A_MINUTE)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answers one page."""
        headers = headers_of(scope)
        caller = authorize(self._ctx, headers, "track")
        asked = parse(ClickIn, await read_body(scope, receive, limit=_MOST_BYTES))
        address = client_address(scope, trusted=self._ctx.settings.trusted_proxies)
        begin(headers)
        entry = await self._find(scope, caller, asked.slug, address)
        if not is_own_machine(address):
            self._addresses.admit(scope, f"{caller.key_id} {address}")
        page = self._page_of_the_store(headers.get(b"origin"), entry)
        if self._redirect.is_over(entry):
            raise LinkOver("This link has ended.")
        robot = is_robot(headers.get(b"user-agent", b""))
        host = referer_host(asked.referrer.encode("latin-1", "replace"))
        token, _ = await self._redirect.keep(entry, Visit("bot" if robot else "person", asked.channel, host))
        # Robots hand codes on. At a checkout that is not encrypted none is known to work.
        discount = None if robot or page.scheme != "https" else entry.applied_at.get(page.origin_host)
        answer = ClickOut(token=token.decode(), discount=discount)
        return await answer_json(send, 201, answer.model_dump_json(exclude_none=True).encode())

    def _page_of_the_store(self, origin: bytes | None, entry: Entry) -> Address:
        try:
            return _of_the_store(origin, entry.domains)
        except Forbidden as error:
            host = (origin or b"").decode("latin-1").rpartition("//")[2][:255]
            at = self._ctx.live.microseconds()
            self._ctx.sightings.note(entry.store_id, "click", at, on=host, reason=error.code)
            raise

    async def _find(self, scope: Scope, caller: Caller, slug: str, address: str) -> Entry:
        """The store's link. Raises `NotFound`, and `TooMany` for who asked for many that it has not."""
        entry, whose = self._redirect.cache.ready(slug), f"{caller.key_id} {address}"
        if entry is None or entry.store_id != caller.store_id:
            self._guesses.enforce(scope, whose, cost=0)
            entry = await self._redirect.cache.find(slug)
        if entry is None or entry.store_id != caller.store_id:
            self._guesses.take(whose)
            raise NotFound("The store has no link of this slug.", code="link_unknown")
        return entry


def _of_the_store(origin: bytes | None, domains: tuple[str, ...]) -> Address:
    """The front page of the host that asks. Raises `Forbidden` unless it is the store's."""
    if origin is None:
        raise Forbidden(
            "Only a page can ask for a click, and its browser says whose: Origin is missing.", code="no_origin"
        )
    try:
        return own_page(f"{origin.decode('latin-1')}/", domains)
    except BadAddress as error:
        raise Forbidden(f"This page is not the store's: {error}", code="foreign_origin") from None
