"""Small pages for links that lead nowhere: never were (404), or are over (410). Rendered once per language."""

from html import escape
from typing import Literal
from urllib.parse import parse_qs

from starlette.types import Scope, Send

from services.ui import Pages, choose_language, page_headers

_Kind = Literal["unknown", "unknown_here", "over", "over_for_good"]
_STATUS: dict[_Kind, int] = {"unknown": 404, "unknown_here": 404, "over": 410, "over_for_good": 410}
_STORE_PAGE = b"https://store-page.invalid/"
"""Stands in the kept page for the address of whichever store's link it was."""


class DeadEnds:
    """The pages, in each language that somebody asked for."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._rendered: dict[tuple[_Kind, str], bytes] = {}

    async def unknown(self, scope: Scope, send: Send, *, store_page: str | None = None) -> int:
        """There is no such link. `store_page`: where the store is, if it is known whose it would be."""
        return await self._answer("unknown_here" if store_page else "unknown", scope, send, store_page or "")

    async def over(self, scope: Scope, send: Send, *, store_page: str | None = None) -> int:
        """There was one. `store_page`: where the store is."""
        return await self._answer("over" if store_page else "over_for_good", scope, send, store_page or "")

    async def _answer(self, kind: _Kind, scope: Scope, send: Send, store_page: str = "") -> int:
        headers_in = dict(scope["headers"])
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
        language = choose_language(asked=asked, accepts=headers_in.get(b"accept-language", b"").decode("latin-1"))
        body = self._rendered.get((kind, language))
        if body is None:
            body = self._rendered[kind, language] = self._render(kind, language)
        if store_page:
            body = body.replace(_STORE_PAGE, escape(store_page).encode())
        headers = [(name.encode(), value.encode()) for name, value in page_headers().items()]
        headers += [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        status = _STATUS[kind]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return status

    def _render(self, kind: _Kind, language: str) -> bytes:
        speech = self._pages.speech(language)
        unknown = kind.startswith("unknown")
        title = speech.say("This link leads nowhere") if unknown else speech.say("This link has ended")
        # Without a path the menu of languages leads back to whatever address the page is shown at.
        template = "redirect/unknown.html" if unknown else "redirect/over.html"
        context = {"title": title, "store_page": _STORE_PAGE.decode() if kind in ("over", "unknown_here") else ""}
        return self._pages.render_text(template, language, path="", context=context).encode()
