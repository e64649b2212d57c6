"""HTTP of console sessions: the form, the exchange of a secret key for a cookie, one-time addresses, signing out.

A one-time address shows a button, and the button uses it: what only looks at addresses, as mail scanners and previews
do, uses up none.
"""

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from contracts.events.catalog import SessionEnded
from services.kernel.auth import sessions
from services.kernel.auth.api_keys import Caller
from services.kernel.auth.sessions import ConsoleSession, SignInLink
from services.kernel.context import Context
from services.kernel.errors import AppError, Forbidden, Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.console import is_secure, open_session, refuse_foreign_write
from services.kernel.http.credentials import authenticate
from services.kernel.http.hot import parse
from services.kernel.http.limits import limit
from services.links.pages import PAGES
from services.links.session import sql
from services.links.session.domain import HOME, next_page
from services.links.session.schemas import SessionIn, SessionOut
from services.links.stores import actions as stores

router = APIRouter(tags=["session"])

LIFE: Final = timedelta(hours=12)
_FORM: Final = "application/x-www-form-urlencoded"


@router.get("/console/session", include_in_schema=False)
async def get_session_page(
    request: Request,
    next: Annotated[str, Query(max_length=1000)] = HOME,
    token: Annotated[str, Query(max_length=1000)] = "",
    lang: str = "",
) -> Response:
    """The sign-in form; with a one-time token, the button that uses it."""
    ctx: Context = request.scope[CONTEXT]
    current = current_session(ctx, request)
    if token:
        return _button(ctx, request, token)
    if current is None:
        return _form(request, next=next_page(next))
    async with ctx.db.transaction([current.store_id]) as tx:
        own = await stores.get(tx, current.store_id)
    speech = PAGES.speech(PAGES.language(request))
    return PAGES.render(
        request, "session/current.html", title=speech.say("You are signed in"), store=own.name, home=next_page(next)
    )


@router.post("/console/session", response_model=SessionOut, dependencies=[limit("sign-in", per_minute=30)])
async def post_session(request: Request) -> Response:
    """Changes a secret key into a session cookie. JSON gets JSON back; a form is sent on to the console."""
    ctx: Context = request.scope[CONTEXT]
    _refuse_foreign(ctx, request)
    body = await request.body()
    if not request.headers.get("content-type", "").startswith(_FORM):
        wanted = parse(SessionIn, body)
        cookie = await _exchange(ctx, wanted.secret_key)
        session = SessionOut.of(sessions.read_session(ctx.ring, cookie))
        return Response(session.model_dump_json(), media_type="application/json", headers=_set(ctx, cookie))
    try:
        wanted = SessionIn.model_validate(dict(parse_qsl(body.decode("utf-8", "replace"))))
        cookie = await _exchange(ctx, wanted.secret_key)
    except (ValidationError, AppError):
        speech = PAGES.speech(PAGES.language(request))
        wrong = speech.say("This is not a valid secret key. It begins with kith_sk_.")
        return _form(request, next=HOME, error=wrong, status=401)
    return Response(status_code=303, headers={**_set(ctx, cookie), "location": next_page(wanted.next)})


@router.post("/console/session/once", include_in_schema=False, dependencies=[limit("sign-in", per_minute=30)])
async def use_address(request: Request) -> Response:
    """Signs in by a one-time address, which is used up."""
    ctx: Context = request.scope[CONTEXT]
    _refuse_foreign(ctx, request)
    sent = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    try:
        link = _read_address(ctx, sent.get("token", ""))
        cookie, session = _issue(ctx, link)
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            first = await sql.use(tx, link.nonce, expires_at=link.expires_at)
            if first:
                tx.note("session.started", on=session.session_id)
    except Unauthorized:
        return _refuse_address(ctx, request)
    if not first:
        return _refuse_address(ctx, request)
    return Response(status_code=303, headers={**_set(ctx, cookie), "location": HOME})


@router.post("/console/session/end", include_in_schema=False)
async def end_session(request: Request) -> Response:
    """Signs out: the session ends everywhere, also where somebody copied its cookie to."""
    ctx: Context = request.scope[CONTEXT]
    refuse_foreign_write(ctx, request)
    current = current_session(ctx, request)
    if current is not None:
        async with ctx.db.transaction([current.store_id], actor=current.principal) as tx:
            if await sql.end(tx, current):
                tx.note("session.ended", on=current.session_id)
                tx.emit(
                    SessionEnded(
                        store_id=current.store_id, session_id=current.session_id, expires_at=current.expires_at
                    )
                )
        await ctx.live.refresh()
    gone = sessions.session_cookie("", max_age_s=0, secure=is_secure(ctx))
    return Response(status_code=303, headers={"set-cookie": gone, "location": "/console/session"})


def _button(ctx: Context, request: Request, token: str) -> Response:
    try:
        _read_address(ctx, token)
    except Unauthorized:
        return _refuse_address(ctx, request)
    speech = PAGES.speech(PAGES.language(request))
    return PAGES.render(request, "session/once.html", title=speech.say("Sign in to the console"), token=token)


def _read_address(ctx: Context, token: str) -> SignInLink:
    link = sessions.read_sign_in(ctx.ring, token)
    if link.key_id in ctx.live.revoked:
        raise Unauthorized("The key behind this address was revoked.", code="revoked_key")
    return link


def _refuse_address(ctx: Context, request: Request) -> Response:
    """Somebody who is signed in already needs no address; others hear why theirs opens nothing."""
    if current_session(ctx, request) is not None:
        return Response(status_code=303, headers={"location": HOME})
    speech = PAGES.speech(PAGES.language(request))
    used = speech.say("This address was used already, or its time is over. Sign in with a secret key.")
    return _form(request, next=HOME, error=used, status=401)


def _refuse_foreign(ctx: Context, request: Request) -> None:
    """A page elsewhere could sign somebody in to a store of its choice; what is no browser says nothing of origins."""
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        refuse_foreign_write(ctx, request)


async def _exchange(ctx: Context, secret_key: str) -> str:
    """The cookie for a secret key; that somebody signed in is noted. Raises `Unauthorized` or `Forbidden`."""
    caller = authenticate(ctx, b"Bearer " + secret_key.strip().encode("latin-1", "replace"))
    if caller.kind != "sk":
        raise Forbidden("A publishable key cannot sign in; use a secret key.", code="publishable_key")
    cookie, session = _issue(ctx, caller)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        tx.note("session.started", on=session.session_id)
    return cookie


def _issue(ctx: Context, holder: Caller | SignInLink) -> tuple[str, ConsoleSession]:
    cookie = sessions.issue_session(
        ctx.ring, store_id=holder.store_id, key_id=holder.key_id, scopes=holder.scopes, life=LIFE
    )
    return cookie, sessions.read_session(ctx.ring, cookie)


def _set(ctx: Context, cookie: str) -> dict[str, str]:
    held = sessions.session_cookie(cookie, max_age_s=int(LIFE.total_seconds()), secure=is_secure(ctx))
    return {"set-cookie": held}


def current_session(ctx: Context, request: Request) -> ConsoleSession | None:
    cookie = request.cookies.get(sessions.COOKIE)
    if not cookie:
        return None
    try:
        return open_session(ctx, cookie)
    except Unauthorized:
        return None


def _form(request: Request, *, next: str, error: str = "", status: int = 200) -> Response:
    speech = PAGES.speech(PAGES.language(request))
    return PAGES.render(
        request, "session/form.html", status=status, title=speech.say("Sign in to the console"), next=next, error=error
    )
