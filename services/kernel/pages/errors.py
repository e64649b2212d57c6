"""The page for a failure: the same answer as a problem document, for somebody who followed a link.

Used by the edge for whoever asked for a page; a fragment's failure is shown in its place by `console.js` instead.
"""

from __future__ import annotations

from functools import cache

from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.kernel.pages.locales import Speech
from services.kernel.pages.render import Pages


@cache
def _pages() -> Pages:
    return Pages()


def error_page(request: Request, *, status: int, detail: str, request_id: str, home: str = "") -> HTMLResponse:
    """The page. `detail` is shown for what the reader can mend (4xx), never for a failure of ours.

    `home`: where the way on leads, "" for nowhere.
    """
    pages = _pages()
    title, says = _words(pages.speech(pages.language(request)), status)
    return pages.render(
        request,
        "error.html",
        status=status,
        headers={"cache-control": "no-store", "x-request-id": request_id},
        title=title,
        says=says,
        detail=detail if 400 <= status < 500 and status != 404 else "",
        request_id=request_id,
        home=home,
    )


def _words(speech: Speech, status: int) -> tuple[str, str]:
    if status == 404:
        return speech.say("Nothing is at this address"), speech.say(
            "It may have moved, or the address may be cut short."
        )
    if status in (401, 403):
        return speech.say("This page is not open to you"), speech.say(
            "Your session does not reach it. Sign in with a key that does."
        )
    if status == 503:
        return speech.say("Part of Kith is away for the moment"), speech.say(
            "Nothing is lost. Try the same address again in a minute."
        )
    if status >= 500:
        return speech.say("This page could not be made"), speech.say(
            "The fault is ours, and it has been noted under the number below."
        )
    return speech.say("This did not work"), speech.say("The request was not understood as it came.")
