"""HTTP of sheets to print."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.kernel.errors import Conflict, NotFound
from services.kernel.http.call import Call, viewer
from services.links.hosts.hot import share_base
from services.links.landing import sql as invitations
from services.links.landing.domain.names import first_name
from services.links.landing.domain.words import letter
from services.links.landing.sql import Invitation
from services.links.links import actions as links
from services.links.links.schemas import share_url
from services.links.looks.domain import look
from services.links.pages import PAGES
from services.links.sheets import domain
from services.links.sheets.domain import Card
from services.ui import LANGUAGES, Format
from services.ui.paper import FONT, WIDTHS

router = APIRouter(tags=["qr"])


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
    n: Annotated[int, Query(ge=1, le=domain.MOST_CARDS, description="Cards; ten lie on a page.")] = domain.A_PAGE,
    lang: Annotated[
        str, Query(pattern="^(en|ru|uk|ro)?$", description="Of the friend who gets one; else the ambassador's.")
    ] = "",
) -> Response:
    """Cards of a link to print on A4: QR code, what a friend gets, promo code. Whoever comes by one is counted under
    the channel `qr`.

    409 while the program does not run, the ambassador may not share, or the link has ended: such cards would promise
    what nobody gets.
    """
    async with call.transaction() as tx:
        link = await links.get(tx, call.store_id, link_id)
        invitation = await invitations.read(tx, call.store_id, link_id)
    if invitation is None:
        raise NotFound("There is no such link.")
    if invitation.program.status != "active" or invitation.ambassador_status != "active":
        raise Conflict("Cards are printed while the program runs and its ambassador may share.", code="not_running")
    if link.expires_at is not None and link.expires_at <= call.ctx.live.now():
        raise Conflict("This link has ended: nobody would get anything by its cards.", code="link_over")
    base = share_base(call.ctx, call.store_id)
    card = card_of(invitation, share_url(base, link.slug), language=lang, now=call.ctx.live.now())
    body = await asyncio.to_thread(partial(domain.sheet, card, count=n, font=FONT, widths=WIDTHS))
    return Response(
        body,
        media_type="application/pdf",
        headers={
            "cache-control": "private, no-cache",
            "content-disposition": f'inline; filename="cards-{link.slug}.pdf"',
            "x-content-type-options": "nosniff",
        },
    )


def card_of(invitation: Invitation, url: str, *, language: str, now: datetime) -> Card:
    """What the cards of a link say."""
    spoken = language or (invitation.spoken or invitation.locale)[:2]
    spoken = spoken if spoken in LANGUAGES else "en"
    speech = PAGES.speech(spoken)
    said = letter(
        invitation.program,
        state="open",
        who=invitation.public_name or first_name(invitation.person),
        store=invitation.store,
        until=now,
        language=spoken,
        speech=speech,
        fmt=Format(spoken),
    )
    seen = look(invitation.color, None)
    return Card(
        store=invitation.store,
        who=said.who,
        title=said.title,
        code=invitation.code or "" if said.code_note else "",
        code_label=speech.say("Promo code"),
        url=f"{url}?ch=qr",
        shown=url.partition("://")[2],
        color=seen.color,
        logo=invitation.logo or b"",
    )
