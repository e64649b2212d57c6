"""Unsubscribing by one click (RFC 8058), and by the button of a page."""

from typing import Final

from fastapi import APIRouter, Request, Response

from services.kernel.context import Context
from services.kernel.due import schedule
from services.kernel.errors import Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.pages import PAGES
from services.links.preferences import sql
from services.links.preferences.actions import INVITES_JOB, read_unsubscribe
from services.links.stores import actions as stores

router = APIRouter(include_in_schema=False)
_QUIET: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


@router.get("/unsubscribe/{token}")
async def get_unsubscribe(token: str, request: Request, lang: str = "") -> Response:
    """The button. Looking at the page ends nothing: scanners look."""
    return await _answer(request, token, ended=False)


@router.post("/unsubscribe/{token}", dependencies=[limit("unsubscribe", per_minute=120)])
async def post_unsubscribe(token: str, request: Request) -> Response:
    """Ends mails to the address in the token. A mail program calls this by itself: without cookies or an origin, with
    a body in either of the two forms, and it follows no redirect. Twice is as good as once.
    """
    ctx: Context = request.scope[CONTEXT]
    try:
        store_id, mail_hash = read_unsubscribe(ctx.ring, token)
    except Unauthorized:
        return _over(request)
    async with ctx.db.transaction([store_id]) as tx:
        await sql.suppress(tx, store_id, mail_hash, "unsubscribed")
        await schedule(tx, INVITES_JOB, {store_id: tx.now})
    return await _answer(request, token, ended=True)


async def _answer(request: Request, token: str, *, ended: bool) -> Response:
    ctx: Context = request.scope[CONTEXT]
    try:
        store_id, _ = read_unsubscribe(ctx.ring, token)
    except Unauthorized:
        return _over(request)
    async with ctx.db.transaction([store_id]) as tx:
        store = await stores.get(tx, store_id)
    speech = PAGES.speech(PAGES.language(request, default=store.locale[:2]))
    return PAGES.render(
        request,
        "preferences/unsubscribe.html",
        language=store.locale[:2],
        headers=_QUIET,
        title=speech.say("No more mails") if ended else speech.say("End these mails?"),
        store=store.name,
        token=token,
        ended=ended,
        over=False,
    )


def _over(request: Request) -> Response:
    speech = PAGES.speech(PAGES.language(request))
    title = speech.say("This address is not valid any more")
    return PAGES.render(
        request,
        "preferences/unsubscribe.html",
        status=404,
        headers=_QUIET,
        title=title,
        store="",
        ended=False,
        over=True,
    )
