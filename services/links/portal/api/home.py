"""An ambassador's own page, its QR files and what works without a connection, for who is signed in."""

import gzip
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from fastapi import APIRouter, Request, Response

from services.common.portal_bar import SHARE, portal_bar
from services.common.portal_session import PortalSession, to_sign_in
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.links.ambassadors import actions
from services.links.ambassadors.sql import Member
from services.links.hosts.hot import share_base
from services.links.landing.domain.names import first_name
from services.links.landing.domain.words import share_hashtags, share_text
from services.links.links.schemas import share_url
from services.links.looks import actions as looks
from services.links.looks.domain import Worn
from services.links.pages import PAGES
from services.links.people import sql as people
from services.links.portal.api.sign_in import worn_here
from services.links.portal.api.visitor import visitor
from services.links.portal.domain import ways, with_channel
from services.links.programs import actions as programs
from services.links.programs.domain import words
from services.links.programs.sql import Version
from services.links.qr.api import picture
from services.links.store_codes import actions as store_codes
from services.links.stores import actions as stores
from services.links.stores.sql import Store
from services.ui import Choice, Format

router = APIRouter(tags=["portal"])

NEWCOMER: Final = timedelta(days=30)
"""So long the page shows the first steps."""
_WORKER: Final = (Path(__file__).parent.parent / "assets" / "worker.js").read_bytes()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a portal page is made of."""

    member: Member
    version: Version
    store: Store
    url: str
    look: Worn
    code_works: bool
    """Whether the store's checkout knows the code, as far as Kith puts codes there."""
    sponsor: str
    """The first name of who brought them, where that is known."""
    now: datetime


@router.get("/p", include_in_schema=False)
async def get_portal(request: Request, lang: str = "") -> Response:
    """The page of the ambassador who is signed in."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    try:
        seen = await _see(ctx, session)
    except NotFound as error:
        raise to_sign_in(request) from error  # erased a moment ago: the sessions end within a second
    spoken = (seen.member.ambassador.locale or seen.store.locale)[:2]
    language = PAGES.language(request, default=spoken)
    speech, fmt = PAGES.speech(language), Format(language)
    program = seen.version.offered
    headline = words.headline(program, speech, fmt)
    lines = words.promises(program, speech, fmt)
    sent_along = share_text(
        program,
        store=seen.store.name,
        code=seen.member.code if seen.code_works else None,
        language=language,
        speech=speech,
        fmt=fmt,
    )
    page = PAGES.render(
        request,
        "portal/home.html",
        language=spoken,
        headers={"content-security-policy": seen.look.policy},
        style=seen.look.style,
        logo=seen.look.logo,
        title=headline,
        store=seen.store.name,
        headline=headline,
        summary=lines[:2],
        lines=lines,
        bar=portal_bar(speech, SHARE),
        blocked=seen.member.ambassador.status != "active",
        newcomer=seen.now - seen.member.ambassador.created_at < NEWCOMER,
        sponsor=seen.sponsor,
        url_to_copy=with_channel(seen.url, "copy"),
        url_to_hand_on=with_channel(seen.url, "native"),
        link_base=seen.url.partition("://")[2].removesuffix(seen.member.slug),
        slug=seen.member.slug,
        url_of_qr=with_channel(seen.url, "qr"),
        code=seen.member.code,
        code_works=seen.code_works,
        share_text=sent_along,
        ways=ways(
            seen.url,
            sent_along,
            seen.store.name,
            speech,
            language=language,
            hashtags=share_hashtags(program, language),
        ),
        files=[Choice(kind.upper(), href=f"/p/qr.{kind}") for kind in ("svg", "png", "pdf")],
    )
    return _packed(request, page)


def _packed(request: Request, page: Response) -> Response:
    """The page in a third of its size: phones load it first of all. Nothing on it is a secret from who asked for it."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return page
    page.body = gzip.compress(bytes(page.body), 6, mtime=0)
    page.headers["content-encoding"] = "gzip"
    page.headers["content-length"] = str(len(page.body))
    page.headers["vary"] = f"{page.headers['vary']}, Accept-Encoding"
    return page


@router.get("/p/worker.js", include_in_schema=False)
async def get_worker() -> Response:
    """What opens the page without a connection. Nobody's own: the browser looks for a newer one without a cookie."""
    headers = {
        "cache-control": "no-cache",
        "content-security-policy": "default-src 'none'; connect-src 'self'",
        "service-worker-allowed": "/p",
        "x-content-type-options": "nosniff",
    }
    return Response(_WORKER, media_type="text/javascript", headers=headers)


@router.get("/p/qr.{kind}", include_in_schema=False)
async def get_portal_qr(kind: Literal["svg", "png", "pdf"], request: Request) -> Response:
    """The QR code of the share link as a file."""
    ctx: Context = request.scope[CONTEXT]
    seen = await _see(ctx, await visitor(ctx, request))
    url, slug = with_channel(seen.url, "qr"), seen.member.slug
    return await picture(url, kind, request, name=slug, size=1024, ecc="M", fg="000000", bg="ffffff")


async def _see(ctx: Context, who: PortalSession) -> _Seen:
    """What the ambassador's page is made of. Raises `NotFound` for who is erased."""
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        member = await actions.get(tx, who.store_id, who.ambassador_id)
        if member.ambassador.status == "erased":
            raise NotFound("There is no such ambassador.")
        version = await programs.get(tx, who.store_id, member.ambassador.program_id)
        store = await stores.get(tx, who.store_id)
        look = worn_here(await looks.get(tx, who.store_id))
        works = await store_codes.may_show(tx, who.store_id, version.program, member.ambassador.code_id)
        sponsor = await _sponsor(tx, who.store_id, member)
        now = tx.now
    url = share_url(share_base(ctx, member.ambassador.store_id), member.slug)
    return _Seen(member, version, store, url, look, works, sponsor, now)


async def _sponsor(tx: Tx, store_id: str, member: Member) -> str:
    """By which name whoever brought the ambassador is called."""
    if member.ambassador.sponsor_id is None:
        return ""
    found = await people.get(tx, store_id, member.ambassador.sponsor_id)
    return "" if found is None else found.public_name or first_name(found.name) or ""
