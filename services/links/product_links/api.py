"""The portal's page of links to products: paste an address, get a link."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from contracts.program import Program
from services.common.portal_bar import SHARE, portal_bar
from services.kernel.context import Context
from services.kernel.errors import Conflict
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.ambassadors import actions as members
from services.links.hosts.hot import share_base
from services.links.landing.domain.words import share_hashtags, share_text
from services.links.links.schemas import share_url
from services.links.links.sql import Link
from services.links.looks import actions as looks
from services.links.pages import PAGES
from services.links.portal.api.sign_in import worn_here
from services.links.portal.api.visitor import visitor
from services.links.portal.domain import ways, with_channel
from services.links.product_links import actions
from services.links.product_links.domain import with_slug
from services.links.programs import actions as programs
from services.links.store_codes import actions as store_codes
from services.links.stores import actions as stores
from services.links.stores.domain import BadAddress, front_page
from services.ui import Format, Speech

router = APIRouter(include_in_schema=False)

HOME: Final = "/p/links"


@router.get(HOME)
async def get_links(request: Request, lang: str = "", made: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The ambassador's links to single pages; the one that was just made first, with ways to share it."""
    return await _page(request, made=made)


@router.post(HOME, dependencies=[limit("product-links", per_minute=30)])
async def post_link(request: Request) -> Response:
    """Makes a link to the pasted page."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    given = str((await request.form()).get("page", ""))[:2_100]
    try:
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            link = await actions.make(tx, session.store_id, session.ambassador_id, given)
    except BadAddress:
        return await _page(request, given=given, wrong="page", status=422)
    except Conflict:
        return await _page(request, given=given, wrong="most", status=422)
    return Response(status_code=303, headers={"location": f"{HOME}?made={link.link_id}"})


async def _page(request: Request, *, given: str = "", wrong: str = "", made: str = "", status: int = 200) -> Response:
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        member = await members.get(tx, session.store_id, session.ambassador_id)
        version = await programs.get(tx, session.store_id, member.ambassador.program_id)
        works = await store_codes.may_show(tx, session.store_id, version.program, member.ambassador.code_id)
        store = await stores.get(tx, session.store_id)
        look = worn_here(await looks.get(tx, session.store_id))
        main = await actions.main(tx, session.store_id, session.ambassador_id)
        found = await actions.listed(tx, session.store_id, session.ambassador_id)
    spoken = (member.ambassador.locale or store.locale)[:2]
    language = PAGES.language(request, default=spoken)
    speech = PAGES.speech(language)
    texts = {
        "page": speech.say("This is no page of the store. Copy the address of a product from your browser."),
        "most": speech.say("No more links can be made here. Ask the store."),
    }
    base = share_base(ctx, session.store_id)
    sent = _sent_along(version.offered, store.name, member.code if works else None, language)
    return PAGES.render(
        request,
        "product_links/list.html",
        status=status,
        language=spoken,
        headers={"content-security-policy": look.policy},
        style=look.style,
        logo=look.logo,
        title=speech.say("Links to products"),
        store=store.name,
        bar=portal_bar(speech, SHARE),
        given=given,
        error=texts.get(wrong, ""),
        example=front_page(store.domains[0]) if store.domains else "",
        made=next((_ready(link, base, sent) for link in found if link.link_id == made), None),
        main={"id": main.link_id, **_short(main, base)} if main else None,
        links=[
            {
                "id": link.link_id,
                "page": (link.destination or "").partition("://")[2],
                **_short(link, base),
                "own": with_slug(link.destination or "", link.slug, channel="copy"),
            }
            for link in found
        ],
    )


@dataclass(frozen=True, slots=True)
class _Sent:
    """What goes along with a link: the store's name as a mail's subject, a text before the link, hashtags behind it."""

    store: str
    text: str
    hashtags: tuple[str, ...]
    speech: Speech


def _sent_along(program: Program, store: str, code: str | None, language: str) -> _Sent:
    speech = PAGES.speech(language)
    text = share_text(program, store=store, code=code, language=language, speech=speech, fmt=Format(language))
    return _Sent(store, text, share_hashtags(program, language), speech)


def _short(link: Link, base: str) -> dict[str, str]:
    """A link as it is shown, and as it is copied."""
    url = share_url(base, link.slug)
    return {"short": url, "to_copy": with_channel(url, "copy")}


def _ready(link: Link, base: str, sent: _Sent) -> dict[str, object]:
    """A link that was just made, to be shared at once."""
    url = share_url(base, link.slug)
    return {
        "page": (link.destination or "").partition("://")[2],
        "url": url,
        "url_to_copy": with_channel(url, "copy"),
        "url_to_hand_on": with_channel(url, "native"),
        "text": sent.text,
        "ways": ways(url, sent.text, sent.store, sent.speech, language=sent.speech.language, hashtags=sent.hashtags),
    }
