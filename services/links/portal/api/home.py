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
from services.links.codes import sql as codes
from services.links.hosts.hot import share_base
from services.links.landing.domain.names import first_name
from services.links.landing.domain.words import share_hashtags, share_text
from services.links.links import sql as links
from services.links.links.schemas import share_url
from services.links.looks import actions as looks
from services.links.looks.domain import Worn
from services.links.pages import PAGES
from services.links.people import sql as people
from services.links.portal.api.sign_in import worn_here
from services.links.portal.api.visitor import visitor
from services.links.portal.domain import choices, ways, with_channel
from services.links.programs import actions as programs
from services.links.programs.domain import words
from services.links.programs.domain.split_words import split_choice
from services.links.programs.sql import Version
from services.links.qr.api import picture
from services.links.store_codes import actions as store_codes
from services.links.stores import actions as stores
from services.links.stores.sql import Store
from services.ui import Choice, Format, Speech

router = APIRouter(tags=["portal"])

NEWCOMER: Final = timedelta(days=30)
"""So long the page shows the first steps."""
_WORKER: Final = (Path(__file__).parent.parent / "assets" / "worker.js").read_bytes()


@dataclass(frozen=True, slots=True)
class SplitChoice:
    """One way to share the reward: `share` is the ambassador's part in basis points."""

    share: int
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a portal page is made of."""

    member: Member
    version: Version
    store: Store
    url: str
    look: Worn
    slug: str
    code: str
    split: int | None
    """The ambassador's part by the link that is shown, where they chose one."""
    code_works: bool
    """Whether the store's checkout knows the code, as far as Kith puts codes there."""
    sponsor: str
    """The first name of who brought them, where that is known."""
    now: datetime


@router.get("/p", include_in_schema=False)
async def get_portal(request: Request, lang: str = "", split: str = "") -> Response:
    """The page of the ambassador who is signed in."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    try:
        seen = await _see(ctx, session, split)
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
        code=seen.code if seen.code_works else None,
        language=language,
        speech=speech,
        fmt=fmt,
    )
    suffix = "" if seen.split is None else f"?split={seen.split}"
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
        link_base=seen.url.partition("://")[2].removesuffix(seen.slug),
        slug=seen.slug,
        split_choices=_choices(seen, speech, fmt),
        url_of_qr=with_channel(seen.url, "qr"),
        code=seen.code,
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
        files=[Choice(kind.upper(), href=f"/p/qr.{kind}{suffix}") for kind in ("svg", "png", "pdf")],
    )
    return _packed(request, page)


def _choices(seen: _Seen, speech: Speech, fmt: Format) -> list[SplitChoice]:
    """How the ambassador may share their reward, where the program lets them."""
    if (split := seen.version.program.split) is None:
        return []
    shown = split.default_basis_points if seen.split is None else seen.split
    return [SplitChoice(part, split_choice(part, speech, fmt), chosen=part == shown) for part in choices(split)]


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
async def get_portal_qr(kind: Literal["svg", "png", "pdf"], request: Request, split: str = "") -> Response:
    """The QR code of the share link as a file."""
    ctx: Context = request.scope[CONTEXT]
    seen = await _see(ctx, await visitor(ctx, request), split)
    url, slug = with_channel(seen.url, "qr"), seen.slug
    return await picture(url, kind, request, name=slug, size=1024, ecc="M", fg="000000", bg="ffffff")


async def _see(ctx: Context, who: PortalSession, split: str = "") -> _Seen:
    """What the ambassador's page is made of, with the link and code of a split, where there are any. Raises `NotFound`
    for who is erased.
    """
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        member = await actions.get(tx, who.store_id, who.ambassador_id)
        if member.ambassador.status == "erased":
            raise NotFound("There is no such ambassador.")
        version = await programs.get(tx, who.store_id, member.ambassador.program_id)
        store = await stores.get(tx, who.store_id)
        look = worn_here(await looks.get(tx, who.store_id))
        slug, code, code_id, chosen = member.slug, member.code, member.ambassador.code_id, None
        if split.isdecimal() and version.program.split is not None and len(split) <= 5:
            link = await links.with_split(tx, who.store_id, who.ambassador_id, int(split))
            own = await codes.with_split(tx, who.store_id, who.ambassador_id, int(split))
            if link is not None and own is not None:
                slug, code, code_id, chosen = link.slug, own.code, own.code_id, int(split)
        works = await store_codes.may_show(tx, who.store_id, version.program, code_id)
        sponsor = await _sponsor(tx, who.store_id, member)
        now = tx.now
    url = share_url(share_base(ctx, member.ambassador.store_id), slug)
    return _Seen(
        member=member,
        version=version,
        store=store,
        url=url,
        look=look,
        slug=slug,
        code=code,
        split=chosen,
        code_works=works,
        sponsor=sponsor,
        now=now,
    )


async def _sponsor(tx: Tx, store_id: str, member: Member) -> str:
    """By which name whoever brought the ambassador is called."""
    if member.ambassador.sponsor_id is None:
        return ""
    found = await people.get(tx, store_id, member.ambassador.sponsor_id)
    return "" if found is None else found.public_name or first_name(found.name) or ""
