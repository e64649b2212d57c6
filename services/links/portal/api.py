"""HTTP of the portal: an ambassador's own page and its QR files. The token in the address is the whole sign-in."""

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request, Response

from services.kernel.auth.sessions import read_portal
from services.kernel.context import Context
from services.kernel.errors import AppError, NotFound
from services.kernel.http.call import CONTEXT
from services.links.ambassadors import actions
from services.links.ambassadors.sql import Member
from services.links.links.schemas import share_url
from services.links.pages import PAGES
from services.links.portal.domain import ways, with_channel
from services.links.programs import actions as programs
from services.links.programs.domain import words
from services.links.programs.sql import Version
from services.links.qr.api import picture
from services.links.stores import actions as stores
from services.links.stores.sql import Store
from services.ui import Choice, Format

router = APIRouter(tags=["portal"])


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a portal page is made of."""

    member: Member
    version: Version
    store: Store
    url: str


@router.get("/p/{token}", include_in_schema=False)
async def get_portal(token: str, request: Request, lang: str = "") -> Response:
    """An ambassador's page."""
    ctx: Context = request.scope[CONTEXT]
    try:
        seen = await _see(ctx, token)
    except AppError as error:
        if error.status >= 500:
            raise
        speech = PAGES.speech(PAGES.language(request))
        return PAGES.render(
            request, "portal/closed.html", status=404, title=speech.say("This address is not valid any more")
        )
    spoken = (seen.member.ambassador.locale or seen.store.locale)[:2]
    language = PAGES.language(request, default=spoken)
    speech, fmt = PAGES.speech(language), Format(language)
    program = seen.version.program
    headline = words.headline(program, speech, fmt)
    lines = words.promises(program, speech, fmt)
    share_text = speech.say("A tip from me: %(store)s.", store=seen.store.name)
    return PAGES.render(
        request,
        "portal/home.html",
        language=spoken,
        headers={"referrer-policy": "no-referrer"},
        title=headline,
        store=seen.store.name,
        headline=headline,
        summary=lines[:2],
        lines=lines,
        blocked=seen.member.ambassador.status != "active",
        url=seen.url,
        link_base=seen.url.partition("://")[2].removesuffix(seen.member.slug),
        slug=seen.member.slug,
        url_of_qr=with_channel(seen.url, "qr"),
        code=seen.member.code,
        balance_src=f"/p/{token}/balance",
        share_text=share_text,
        ways=ways(seen.url, share_text, seen.store.name, speech),
        files=[Choice(kind.upper(), href=f"/p/{token}/qr.{kind}") for kind in ("svg", "png", "pdf")],
    )


@router.get("/p/{token}/qr.{kind}", include_in_schema=False)
async def get_portal_qr(token: str, kind: Literal["svg", "png", "pdf"], request: Request) -> Response:
    """The QR code of the share link as a file."""
    ctx: Context = request.scope[CONTEXT]
    seen = await _see(ctx, token)
    url, slug = with_channel(seen.url, "qr"), seen.member.slug
    return picture(url, kind, request, name=slug, size=1024, ecc="M", fg="000000", bg="ffffff")


async def _see(ctx: Context, token: str) -> _Seen:
    """Whose page it is. Raises `Unauthorized` for a token that is not ours or is over, `NotFound` for who is erased."""
    who = read_portal(ctx.ring, token, now=ctx.live.now())
    async with ctx.db.transaction([who.store_id], actor=who.principal) as tx:
        member = await actions.get(tx, who.store_id, who.ambassador_id)
        if member.ambassador.status == "erased":
            raise NotFound("There is no such ambassador.")
        version = await programs.get(tx, who.store_id, member.ambassador.program_id)
        store = await stores.get(tx, who.store_id)
    return _Seen(member, version, store, share_url(ctx.settings.base_url, member.slug))
