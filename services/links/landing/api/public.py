"""`GET /l/{slug}`: the page of invitation. Opening it is a click, unless the redirect has counted it already. And what
messengers show of a share link: the same page without a code, and a picture.
"""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Final, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Receive, Scope, Send

from contracts.events.tracking import TokenClaims
from services.common import click_token
from services.kernel.context import Context
from services.kernel.db import is_transient
from services.kernel.http.call import CONTEXT
from services.kernel.http.hot import HotAnswer
from services.kernel.http.limits import limit
from services.links.hosts.hot import share_base
from services.links.landing import sql
from services.links.landing.domain.names import first_name
from services.links.landing.domain.page import inlaid
from services.links.landing.domain.picture import HEIGHT, WIDTH, picture
from services.links.landing.domain.words import Letter, State, letter
from services.links.landing.sql import Invitation
from services.links.links.schemas import share_url
from services.links.looks.domain import look
from services.links.pages import PAGES
from services.links.previews import sql as previews
from services.links.redirect.domain.click import channel_of, mark, robots_read
from services.links.redirect.hot.entry import Entry
from services.links.redirect.hot.handler import Redirect
from services.ui import LANGUAGES, Format
from services.ui.paper import FONT, WIDTHS

router = APIRouter(tags=["redirect"])

_ASSETS: Final = Path(__file__).parent.parent / "assets"
STYLE: Final = (_ASSETS / "landing.css").read_text()
_SCRIPT: Final = (_ASSETS / "landing.js").read_text()
_HEADERS: Final = {
    "cache-control": "private, no-store",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "referrer-policy": "no-referrer",
    "vary": "Accept-Language, Cookie, User-Agent",
}
_JUST_NOW: Final = timedelta(minutes=10)
"""How long after the click its token says that the page is the same visit's: long enough to choose a language."""
PICTURES_A_MINUTE: Final = 120
"""Per address: a messenger's servers draw many people's links, a picture takes some hundredths of a second."""
_KEPT_PICTURES: Final = 200
"""About 40 kB each."""


@router.get("/l/{slug}", response_class=Response)
async def get_landing(slug: str, request: Request, kith: str = "", lang: str = "") -> Response:
    """Shows who invites a friend and to what, with one way on: to the store.

    404 for a slug that nobody has, 410 for one that is over. A robot's page holds no code.
    """
    redirect = cast(Redirect, request.scope[CONTEXT].resources)
    entry = redirect.cache.ready(slug) or await redirect.find(request.scope, slug)
    if entry is None or redirect.is_foreign(request.scope, entry):
        return HotAnswer(lambda scope, _, send: redirect.unknown(scope, send))
    if redirect.is_over(entry):
        return HotAnswer(lambda scope, _, send: redirect.over(entry, scope, send))
    ctx: Context = request.scope[CONTEXT]
    token = kith
    if not _counted(ctx, request, entry, kith):
        # Whoever comes straight here, or by an address that somebody passed on with its token, has clicked by that.
        counted, _ = await redirect.click(request.scope, entry)
        token = counted.decode()
    return await _page(ctx, redirect, request, entry, token)


@router.get(
    "/l/{slug}/preview.png",
    response_class=Response,
    dependencies=[limit("link-previews", per_minute=PICTURES_A_MINUTE)],
)
async def get_preview(
    slug: str, request: Request, lang: Annotated[str, Query(pattern="^(en|ru|uk|ro)$")] = "en", v: str = ""
) -> Response:
    """Draws the picture that messengers and networks show of a share link: 1200 × 630, with the inviter's first name.

    It is no click, and shows no code.
    """
    ctx: Context = request.scope[CONTEXT]
    redirect = cast(Redirect, ctx.resources)
    entry = redirect.cache.ready(slug) or await redirect.find(request.scope, slug)
    invitation = None
    if entry is not None and not redirect.is_foreign(request.scope, entry) and not redirect.is_over(entry):
        invitation = await _invitation(ctx, redirect, entry)
    if invitation is None:
        return Response(status_code=404, headers={"cache-control": "no-store"})
    texts = _letter(ctx, invitation, lang, opened_by=None)
    drawn = picture(
        store=invitation.store,
        who=texts.who,
        title=texts.title,
        look=look(invitation.color, invitation.logo),
        widths=WIDTHS,
    )
    body = await _drawn(drawn)
    return Response(
        body, media_type="image/png", headers={"cache-control": "public, max-age=3600", "x-robots-tag": "noindex"}
    )


@router.get(
    "/l/{slug}/preview.jpg",
    response_class=Response,
    dependencies=[limit("link-previews", per_minute=PICTURES_A_MINUTE)],
)
async def get_own_preview(
    slug: str, request: Request, lang: Annotated[str, Query(pattern="^(en|ru|uk|ro)$")] = "en", v: str = ""
) -> Response:
    """The picture that the store gave for share links of this program, in a language. It is no click.

    404 where the store gave none.
    """
    ctx: Context = request.scope[CONTEXT]
    redirect = cast(Redirect, ctx.resources)
    entry = redirect.cache.ready(slug) or await redirect.find(request.scope, slug)
    body = None
    if entry is not None and not redirect.is_foreign(request.scope, entry) and not redirect.is_over(entry):
        async with ctx.db.transaction([entry.store_id]) as tx:
            body = await previews.picture(tx, entry.store_id, entry.program_id, lang)
    if body is None:
        return Response(status_code=404, headers={"cache-control": "no-store"})
    headers = {"cache-control": "public, max-age=3600", "x-robots-tag": "noindex", "x-content-type-options": "nosniff"}
    return Response(body, media_type="image/jpeg", headers=headers)


def preview_for(ctx: Context, redirect: Redirect) -> None:
    """Makes the redirect answer messengers with what they show of the link."""

    async def answer(scope: Scope, receive: Receive, send: Send, entry: Entry, token: str) -> int:
        response = await _page(ctx, redirect, Request(scope, receive), entry, token)
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)
        return response.status_code

    redirect.preview = answer


_inlaid = lru_cache(maxsize=500)(partial(inlaid, STYLE, _SCRIPT))
_pictures: OrderedDict[str, bytes] = OrderedDict()


async def _page(ctx: Context, redirect: Redirect, request: Request, entry: Entry, token: str) -> Response:
    """The page for a link that leads somewhere, its click being kept: the token goes on to the store."""
    robot = robots_read(mark(request.method, dict(request.scope["headers"])))
    channel = channel_of(request.scope["query_string"])
    store_url = entry.store_address(token.encode(), channel, robot=robot).decode()
    invitation = await _invitation(ctx, redirect, entry)
    if invitation is None:
        # Without the database nobody knows who invites; the way to the store is known.
        return Response(status_code=302, headers={"location": store_url, "cache-control": "private, no-store"})
    claims = click_token.read(ctx.ring, token, store_id=entry.store_id)
    spoken = (invitation.spoken or invitation.locale)[:2]
    language = PAGES.language(request, default=spoken if spoken in LANGUAGES else "en")
    texts = _letter(ctx, invitation, language, opened_by=claims if isinstance(claims, TokenClaims) else None)
    seen = look(invitation.color, invitation.logo)
    own = _inlaid(replace(seen, logo=""))
    base = share_base(ctx, entry.store_id)
    picture_url, picture_type = _picture_of(f"{base}/l/{entry.slug}", invitation, texts, language)
    return PAGES.render(
        request,
        "landing/page.html",
        language=language,
        headers={**_HEADERS, "content-security-policy": own.policy},
        title=texts.title,
        store=invitation.store,
        texts=texts,
        code=invitation.code if texts.code_note and not robot else None,
        store_url=store_url,
        share_url=share_url(base, entry.slug),
        picture_url=picture_url,
        picture_type=picture_type,
        draft=False,
        picture_size=(WIDTH, HEIGHT),
        description=" ".join((f"{texts.who}.", *texts.more, *texts.terms[:2])),
        style=own.style,
        script=own.script,
        logo=seen.logo,
    )


def _picture_of(address: str, invitation: Invitation, texts: Letter, language: str) -> tuple[str, str]:
    """Where the picture of a link is, and of what type: the store's own while the program runs and may give what the
    picture promises, else the drawn one.
    """
    own = invitation.pictures.get(language)
    if own is not None and _state(invitation) == "open" and not texts.full:
        return f"{address}/preview.jpg?lang={language}&v={own}", "image/jpeg"
    seen = look(invitation.color, invitation.logo)
    version = _digest(invitation.store, texts.who, texts.title, seen.color, seen.logo)
    return f"{address}/preview.png?lang={language}&v={version}", "image/png"


def _letter(ctx: Context, invitation: Invitation, language: str, *, opened_by: TokenClaims | None) -> Letter:
    now = ctx.live.now()
    until = (opened_by.at if opened_by else now) + timedelta(days=invitation.program.attribution.click_window_days)
    if invitation.code_expires_at is not None:
        until = min(until, invitation.code_expires_at)
    return letter(
        invitation.program,
        state=_state(invitation),
        who=invitation.public_name or first_name(invitation.person),
        store=invitation.store,
        until=until,
        language=language,
        speech=PAGES.speech(language),
        fmt=Format(language, zone=ZoneInfo(invitation.timezone), now=now),
        exhausted=invitation.exhausted,
        split=invitation.split,
    )


def _state(invitation: Invitation) -> State:
    if invitation.program.status == "archived" or invitation.ambassador_status != "active":
        return "ended"
    return "paused" if invitation.program.status == "paused" else "open"


def _counted(ctx: Context, request: Request, entry: Entry, token: str) -> bool:
    """Whether a token is of the click that leads here: on this very link, a moment ago, by a visit of the same kind."""
    if not token:
        return False
    claims = click_token.read(ctx.ring, token, store_id=entry.store_id)
    return (
        isinstance(claims, TokenClaims)
        and claims.link_id == entry.link_id
        and ctx.live.now() - claims.at <= _JUST_NOW
        and claims.mark == mark(request.method, dict(request.scope["headers"]))
    )


async def _invitation(ctx: Context, redirect: Redirect, entry: Entry) -> Invitation | None:
    known = cast(Invitation | None, redirect.beside.get(entry))
    if known is not None:
        return known
    try:
        async with ctx.db.transaction([entry.store_id]) as tx:
            found = await sql.read(tx, entry.store_id, entry.link_id)
    except Exception as error:
        if is_transient(error):
            return None
        raise
    if found is not None:
        redirect.beside.keep(entry, found)
    return found


def _digest(*texts: str) -> str:
    """Names what a picture says, so that a changed one has an address that no messenger has kept yet."""
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:12]


async def _drawn(drawing: str) -> bytes:
    """A drawing as PNG. The last ones are kept: a link that is shared is looked at by several networks at once."""
    key = _digest(drawing)
    found = _pictures.get(key)
    if found is None:
        found = await asyncio.to_thread(_rasterized, drawing)
        _pictures[key] = found
        while len(_pictures) > _KEPT_PICTURES:
            _pictures.popitem(last=False)
    _pictures.move_to_end(key)
    return found


def _rasterized(drawing: str) -> bytes:
    import resvg_py  # 20 MB that a process without pictures does not need

    return bytes(
        resvg_py.svg_to_bytes(svg_string=drawing, skip_system_fonts=True, font_files=[str(FONT)], font_family="Onest")
    )
