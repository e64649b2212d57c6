"""Coming in by a one-time address, and going out: in this browser, or wherever the ambassador is signed in."""

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from services.common.portal_session import SIGN_IN_PATH, portal_of, read_portal, read_portal_entry
from services.kernel.context import Context
from services.kernel.errors import Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.console import refuse_foreign_write
from services.kernel.http.limits import limit
from services.links.entries import actions as entries
from services.links.looks import actions as looks
from services.links.pages import PAGES
from services.links.people import sql as people
from services.links.portal.api.sign_in import HOME, QUIET, headers_of, worn_here
from services.links.portal.api.visitor import drop_cookie, set_cookie, visitor
from services.links.programs import sql as programs
from services.links.session import actions as kept
from services.links.stores import actions as stores

router = APIRouter(include_in_schema=False)


@router.get("/p/open/{token}")
async def get_open(token: str, request: Request, lang: str = "") -> Response:
    """The button that uses a one-time address: looking at it uses nothing up."""
    ctx: Context = request.scope[CONTEXT]
    try:
        entry = read_portal_entry(ctx.ring, token)
    except Unauthorized:
        return _over(request)
    return await _button(ctx, request, entry.store_id, token)


@router.get("/p/{place}")
async def get_place(place: str, request: Request, lang: str = "") -> Response:
    """A program's ambassadors' address: the page of who is signed in at its store, else where they sign in. So are the
    addresses with a token that were given out in earlier days: it opens nothing any more.
    """
    ctx: Context = request.scope[CONTEXT]
    program_id, store_id = await _program_of(ctx, place)
    if not program_id:
        return _over(request, status=404)
    try:
        there = HOME if portal_of(ctx, request).store_id == store_id else ""
    except Unauthorized:
        there = ""
    return Response(status_code=303, headers={"location": there or f"{SIGN_IN_PATH}?program={program_id}", **QUIET})


@router.post("/p/open", dependencies=[limit("portal-open", per_minute=30)])
async def use_address(request: Request) -> Response:
    """Signs in by a one-time address, which is used up."""
    ctx: Context = request.scope[CONTEXT]
    refuse_foreign_write(ctx, request)
    sent = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    try:
        entry = read_portal_entry(ctx.ring, sent.get("token", ""))
        session = kept.new_portal_session(entry.store_id, entry.ambassador_id)
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            await entries.use_entry(tx, entry, session)
    except Unauthorized:
        return _over(request)
    return _to(HOME, set_cookie(ctx, session))


@router.post("/p/end")
async def end_session(request: Request) -> Response:
    """Signs out of the portal here, also where somebody copied the cookie to; with `everywhere`, on all devices."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    sent = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    only = None if sent.get("everywhere") else session.session_id
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        if await kept.end_portals(tx, session.store_id, session.ambassador_id, only=only):
            tx.note("session.ended", on=session.session_id, after={"everywhere": only is None})
    await ctx.live.refresh()
    return _to(SIGN_IN_PATH, drop_cookie(ctx))


async def _button(ctx: Context, request: Request, store_id: str, token: str) -> Response:
    async with ctx.db.transaction([store_id]) as tx:
        store, seen = await stores.get(tx, store_id), worn_here(await looks.get(tx, store_id))
    speech = PAGES.speech(PAGES.language(request, default=store.locale[:2]))
    return PAGES.render(
        request,
        "portal/open.html",
        language=store.locale[:2],
        headers=headers_of(seen),
        style=seen.style,
        logo=seen.logo,
        title=speech.say("Open your page"),
        store=store.name,
        token=token,
    )


async def _program_of(ctx: Context, place: str) -> tuple[str, str]:
    """The program, and its store, that an address means by its id, or by an ambassador's token of earlier days."""
    async with ctx.db.transaction() as tx:
        if (store_id := await programs.store_of(tx, place)) is not None:
            return place, store_id
        try:
            known = read_portal(ctx.ring, place, now=ctx.live.now())
        except Unauthorized:
            return "", ""
        await tx.see([known.store_id])
        found = await people.get(tx, known.store_id, known.ambassador_id)
    return ("", "") if found is None or found.status == "erased" else (found.program_id, known.store_id)


def _to(place: str, cookie: tuple[str, str]) -> Response:
    name, value = cookie
    return Response(status_code=303, headers={"location": place, name: value, **QUIET})


def _over(request: Request, *, status: int = 401) -> Response:
    speech = PAGES.speech(PAGES.language(request))
    return PAGES.render(
        request,
        "portal/closed.html",
        status=status,
        headers=QUIET,
        title=speech.say("This address is not valid any more"),
    )
