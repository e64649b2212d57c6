"""HTTP of sheets to print."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Conflict, NotFound
from services.kernel.http.call import CONTEXT, Call, viewer
from services.kernel.http.limits import limit
from services.links.hosts.hot import share_base
from services.links.landing import sql as invitations
from services.links.landing.domain.names import first_name
from services.links.landing.domain.words import letter
from services.links.landing.sql import Invitation
from services.links.links import actions as links
from services.links.links.schemas import share_url
from services.links.looks.domain import look
from services.links.pages import PAGES
from services.links.people import actions as people
from services.links.portal.api.visitor import visitor
from services.links.sheets import domain
from services.links.sheets.domain import Card
from services.ui import LANGUAGES, Format
from services.ui.paper import FONT, WIDTHS

router = APIRouter(tags=["qr"])

_Cards = Annotated[int, Query(ge=1, le=domain.MOST_CARDS, description="Cards; ten lie on a page.")]
_Language = Annotated[
    str, Query(pattern="^(en|ru|uk|ro)?$", description="Of the friend who gets one; else the ambassador's.")
]


@router.get(
    "/v1/links/{link_id}/print-sheet.pdf",
    response_class=Response,
    responses={
        200: {"content": {"application/pdf": {}}, "description": "The sheet."},
        409: {"description": "It would promise what nobody gets."},
    },
)
async def get_print_sheet(
    link_id: str,
    call: Annotated[Call, viewer("links:read")],
    n: _Cards = domain.A_PAGE,
    lang: _Language = "",
) -> Response:
    """Cards of a link to print on A4: QR code, what a friend gets, promo code. Whoever comes by one is counted under
    the channel `qr`.

    409 while the program does not run, the ambassador may not share, or the link has ended: such cards would promise
    what nobody gets.
    """
    async with call.transaction() as tx:
        card = await _card(call.ctx, tx, call.store_id, link_id, language=lang)
    return await _printed(card, n)


@router.get("/p/print-sheet.pdf", include_in_schema=False, dependencies=[limit("portal-print-sheet", per_minute=10)])
async def get_own_print_sheet(request: Request, n: _Cards = domain.A_PAGE, lang: _Language = "") -> Response:
    """Cards of the ambassador's own share link to print."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        person = await people.get(tx, session.store_id, session.ambassador_id)
        card = await _card(ctx, tx, session.store_id, person.link_id, language=lang)
    return await _printed(card, n)


async def _card(ctx: Context, tx: Tx, store_id: str, link_id: str, *, language: str) -> Card:
    """What the cards of a link say. Raises `NotFound`, and `Conflict` where it would promise what nobody gets."""
    link = await links.get(tx, store_id, link_id)
    invitation = await invitations.read(tx, store_id, link_id)
    if invitation is None:
        raise NotFound("There is no such link.")
    if invitation.program.status != "active" or invitation.ambassador_status != "active":
        raise Conflict("Cards are printed while the program runs and its ambassador may share.", code="not_running")
    now = ctx.live.now()
    if link.expires_at is not None and link.expires_at <= now:
        raise Conflict("This link has ended: nobody would get anything by its cards.", code="link_over")
    return card_of(invitation, share_url(share_base(ctx, store_id), link.slug), language=language, now=now)


async def _printed(card: Card, count: int) -> Response:
    body = await asyncio.to_thread(partial(domain.sheet, card, count=count, font=FONT, widths=WIDTHS))
    return Response(
        body,
        media_type="application/pdf",
        headers={
            "cache-control": "private, no-cache",
            "content-disposition": f'inline; filename="cards-{card.shown.rpartition("/")[2]}.pdf"',
            "x-content-type-options": "nosniff",
        },
    )


def card_of(invitation: Invitation, url: str, *, language: str, now: datetime) -> Card:
    """What the cards of a link say."""
    spoken = language or (invitation.spoken or invitation.locale)[:2]
    spoken = spoken if spoken in LANGUAGES else "en"
    speech = PAGES.speech(spoken)
    texts = letter(
        invitation.program,
        state="open",
        who=invitation.public_name or first_name(invitation.person),
        store=invitation.store,
        until=now,
        language=spoken,
        speech=speech,
        fmt=Format(spoken),
        exhausted=invitation.exhausted,
    )
    seen = look(invitation.color, None)
    return Card(
        store=invitation.store,
        who=texts.who,
        title=texts.title,
        code=invitation.code or "" if texts.code_note else "",
        code_label=speech.say("Promo code"),
        url=f"{url}?ch=qr",
        shown=url.partition("://")[2],
        color=seen.color,
        logo=invitation.logo or b"",
    )
