"""Signing in by mail: ask in this browser, then press the button that the mail leads to, or type its six digits here.

What only follows a mail's address, as scanners do, uses nothing up; and a scanner that presses buttons has not the
cookie of the browser that asked. Known and unknown addresses are answered alike, at the same cost: who it is, the task
looks up.
"""

from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Form, Query, Request, Response

from services.common.contacts import contact_hashes
from services.common.portal_session import SIGN_IN_PATH, PortalSession
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Unauthorized
from services.kernel.http.call import CONTEXT
from services.kernel.http.console import is_secure, refuse_foreign_write
from services.kernel.http.limits import limit
from services.links.ambassadors.schemas import email_or_none
from services.links.looks import actions as looks
from services.links.looks.domain import Look, Worn, look, worn
from services.links.mail.work import can_send
from services.links.pages import PAGES
from services.links.portal.api.visitor import open_by, set_cookie
from services.links.programs import sql as programs
from services.links.proofs import actions as proofs
from services.links.proofs import domain, sql
from services.links.proofs.api import asked_in, browser_of, keep_browser
from services.links.proofs.sql import Proof
from services.links.stores import actions as stores
from services.links.stores.sql import Store
from services.links.telegram import sql as bots
from services.links.telegram.domain import PAGE
from services.ui import CONTENT_SECURITY_POLICY, Speech

router = APIRouter(include_in_schema=False)

HOME: Final = "/p"
CODE_PATH: Final = f"{SIGN_IN_PATH}/code"
AT: Final = "kith_at"
"""The cookie that says at which program somebody was last."""
_DAY_S: Final = 24 * 3600
QUIET: Final = {"referrer-policy": "same-origin", "cache-control": "no-store"}
"""Addresses hold what opens a page: no other site hears of them. With `no-referrer` a browser would send these pages'
own forms from the origin `null`, as those of a page elsewhere.
"""
_Program = Annotated[str, Query(max_length=64)]
_Sent = Annotated[str, Form(max_length=300)]


@router.get(SIGN_IN_PATH)
async def get_sign_in(request: Request, program: _Program = "", lang: str = "") -> Response:
    """The form that asks for a mail."""
    ctx: Context = request.scope[CONTEXT]
    return _form(ctx, request, await place_of(ctx, request, program))


@router.post(SIGN_IN_PATH, dependencies=[limit("portal-sign-in", per_minute=10)])
async def ask(request: Request, program: _Sent = "", email: _Sent = "") -> Response:
    """Has a mail written to the address, if it is an ambassador's. The answer does not say."""
    ctx: Context = request.scope[CONTEXT]
    refuse_foreign_write(ctx, request)
    place = await place_of(ctx, request, program)
    program_id, store = place.program_id, place.store
    address = email_or_none(email)
    hashes = contact_hashes(ctx.ring, email=address) if address else ()
    if store is None or not hashes or not can_send(ctx):
        return _form(ctx, request, place, typed=email, wrong=True, status=422)
    browser = browser_of(ctx, request)
    language = PAGES.language(request, default=store.locale[:2])
    async with ctx.db.transaction([store.store_id]) as tx:
        await proofs.ask(
            tx,
            store.store_id,
            purpose="sign_in",
            program_id=program_id,
            mail_hash=hashes[0],
            browser=browser,
            language=language,
        )
    answer = Response(status_code=303, headers={"location": f"{CODE_PATH}?program={program_id}", **QUIET})
    keep_browser(ctx, answer, browser)
    return answer


@router.get(CODE_PATH)
async def get_code_page(request: Request, program: _Program = "", joining: bool = False, lang: str = "") -> Response:
    """Where to look now, and where the digits of the mail can be typed."""
    ctx: Context = request.scope[CONTEXT]
    place = await place_of(ctx, request, program)
    if place.store is None:
        return Response(status_code=303, headers={"location": SIGN_IN_PATH})
    return _code_page(request, place, place.store, joining=joining)


@router.post(CODE_PATH, dependencies=[limit("portal-code", per_minute=10)])
async def use_code(request: Request, program: _Sent = "", code: _Sent = "", joining: _Sent = "") -> Response:
    """Signs in by the digits, in the browser that asked for them."""
    ctx: Context = request.scope[CONTEXT]
    refuse_foreign_write(ctx, request)
    place = await place_of(ctx, request, program)
    if (store := place.store) is None:
        return Response(status_code=303, headers={"location": SIGN_IN_PATH})
    typed = "".join(filter(str.isdigit, code))
    browser = asked_in(ctx, request)
    async with ctx.db.transaction([store.store_id]) as tx:
        proof = await proofs.by_code(tx, ctx.ring, store.store_id, browser=browser, typed=typed)
    session = None if proof is None else await open_by(ctx, proof)
    if session is None and proof is not None and await _is_closed(ctx, proof):
        return _to_join(proof)
    if session is None:
        return _code_page(request, place, store, wrong=True, joining=bool(joining), status=422)
    return _welcome(ctx, session)


@router.get(f"{SIGN_IN_PATH}/mail/{{token}}")
async def get_mailed(token: str, request: Request, lang: str = "") -> Response:
    """What a mail's address shows: the button, in the browser that asked; elsewhere the digits for that browser."""
    ctx: Context = request.scope[CONTEXT]
    try:
        store_id, proof_id = domain.read_token(ctx.ring, token)
    except Unauthorized:
        return _over(request)
    async with ctx.db.transaction([store_id]) as tx:
        proof = await sql.get(tx, store_id, proof_id)
        store, seen = await stores.get(tx, store_id), worn_here(await looks.get(tx, store_id))
    if proof is None:
        return _over(request)
    here = domain.browser_hash(asked_in(ctx, request)) == proof.browser_hash
    speech = PAGES.speech(PAGES.language(request, default=proof.language))
    return PAGES.render(
        request,
        "portal/mailed.html",
        language=proof.language,
        headers=headers_of(seen),
        style=seen.style,
        logo=seen.logo,
        title=_mailed_title(proof, here=here, speech=speech),
        joining=proof.purpose == "join",
        store=store.name,
        token=token if here else "",
        code=domain.code_of(ctx.ring, proof.proof_id),
        again=_again(proof.program_id, joining=proof.purpose == "join"),
    )


def _mailed_title(proof: Proof, *, here: bool, speech: Speech) -> str:
    if not here:
        return speech.say("You asked in another browser")
    return speech.say("Join with this address") if proof.purpose == "join" else speech.say("Open your page")


def _again(program_id: str, *, joining: bool) -> str:
    return f"/join/{program_id}" if joining else f"{SIGN_IN_PATH}?program={program_id}"


@router.post(f"{SIGN_IN_PATH}/mail", dependencies=[limit("portal-code", per_minute=10)])
async def use_mailed(request: Request, token: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Signs in by the button, once, in the browser that asked."""
    ctx: Context = request.scope[CONTEXT]
    refuse_foreign_write(ctx, request)
    browser = domain.browser_hash(asked_in(ctx, request))
    try:
        store_id, proof_id = domain.read_token(ctx.ring, token)
    except Unauthorized:
        return _over(request)
    async with ctx.db.transaction([store_id]) as tx:
        proof = await sql.get(tx, store_id, proof_id)
    if proof is None or proof.browser_hash != browser:
        return _over(request)
    session = await open_by(ctx, proof)
    if session is None and await _is_closed(ctx, proof):
        return _to_join(proof)
    return _over(request) if session is None else _welcome(ctx, session)


class Place(NamedTuple):
    """A program that somebody wants to sign in at, its store and how that looks; nothing where there is none."""

    program_id: str
    store: Store | None
    look: Look
    bot: str = ""
    """The name of the store's bot, where it answers."""


async def place_of(ctx: Context, request: Request, program: str) -> Place:
    """Where somebody wants to sign in: at the program that the address names, else where this browser was last, else at
    the only store that there is.
    """
    async with ctx.db.transaction() as tx:
        for program_id in filter(None, (program, request.cookies.get(AT, "")[:64])):
            if (store_id := await programs.store_of(tx, program_id)) is not None:
                return await _place_at(tx, program_id, store_id)
        if (store_id := await programs.only_store(tx)) is not None:
            await tx.see([store_id])
            active = [one for one in await programs.names(tx, store_id) if one.status != "archived"]
            if active:
                return await _place_at(tx, active[-1].program_id, store_id)
    return Place("", None, look(None, None))


async def _place_at(tx: Tx, program_id: str, store_id: str) -> Place:
    await tx.see([store_id])
    bot = await bots.get(tx, store_id)
    named = bot.username if bot is not None and bot.state == "active" else None
    return Place(program_id, await stores.get(tx, store_id), await looks.get(tx, store_id), named or "")


def worn_here(seen: Look) -> Worn:
    """A look as our pages wear it."""
    return worn(seen, CONTENT_SECURITY_POLICY)


def headers_of(seen: Worn) -> dict[str, str]:
    """Headers of a page that somebody opens who is not signed in."""
    return {**QUIET, "content-security-policy": seen.policy}


def _code_page(
    request: Request, place: Place, store: Store, *, wrong: bool = False, joining: bool = False, status: int = 200
) -> Response:
    """The page that says where to look, and takes the digits."""
    speech, seen = PAGES.speech(PAGES.language(request, default=store.locale[:2])), worn_here(place.look)
    return PAGES.render(
        request,
        "portal/code.html",
        status=status,
        language=store.locale[:2],
        headers=headers_of(seen),
        style=seen.style,
        logo=seen.logo,
        title=speech.say("Look into your mail"),
        store=store.name,
        program=place.program_id,
        joining=joining,
        error=speech.say("These are not the digits of the newest mail, or its time is over.") if wrong else "",
        again=_again(place.program_id, joining=joining),
    )


def _form(
    ctx: Context, request: Request, place: Place, *, typed: str = "", wrong: bool = False, status: int = 200
) -> Response:
    store, seen = place.store, worn_here(place.look)
    spoken = store.locale[:2] if store else "en"
    speech = PAGES.speech(PAGES.language(request, default=spoken))
    answer = PAGES.render(
        request,
        "portal/sign_in.html",
        status=status,
        language=spoken,
        headers=headers_of(seen),
        style=seen.style,
        logo=seen.logo,
        title=speech.say("Sign in to your page"),
        store=store.name if store else None,
        program=place.program_id,
        mails=can_send(ctx),
        bot=f"https://t.me/{place.bot}?start={PAGE}" if place.bot else "",
        typed=typed,
        error=speech.say("Write your e-mail address, such as anna@example.com.") if wrong else "",
    )
    if store is not None:
        answer.set_cookie(
            AT, place.program_id, max_age=400 * _DAY_S, httponly=True, samesite="lax", secure=is_secure(ctx)
        )
    return answer


def _welcome(ctx: Context, session: PortalSession) -> Response:
    name, value = set_cookie(ctx, session)
    return Response(status_code=303, headers={"location": HOME, name: value, **QUIET})


async def _is_closed(ctx: Context, proof: Proof) -> bool:
    """Whether a proof that opened nothing is still good: then the program has closed since somebody asked to join."""
    async with ctx.db.transaction([proof.store_id]) as tx:
        return proof.purpose == "join" and await sql.get(tx, proof.store_id, proof.proof_id) is not None


def _to_join(proof: Proof) -> Response:
    """Where it says that nobody can join any more."""
    return Response(status_code=303, headers={"location": f"/join/{proof.program_id}", **QUIET})


def _over(request: Request) -> Response:
    speech = PAGES.speech(PAGES.language(request))
    title = speech.say("This mail’s time is over, or it was used")
    return PAGES.render(request, "portal/closed.html", status=401, headers=QUIET, title=title)
