"""The portal's page of links to products: paste an address, get a link."""

from typing import Final

from fastapi import APIRouter, Request, Response

from services.common.portal_bar import SHARE, portal_bar
from services.kernel.context import Context
from services.kernel.errors import Conflict
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.hosts.hot import share_base
from services.links.links.schemas import share_url
from services.links.looks import actions as looks
from services.links.pages import PAGES
from services.links.people import actions as people
from services.links.portal.api.sign_in import worn_here
from services.links.portal.api.visitor import visitor
from services.links.product_links import actions
from services.links.product_links.domain import with_slug
from services.links.stores import actions as stores
from services.links.stores.domain import BadAddress

router = APIRouter(include_in_schema=False)

HOME: Final = "/p/links"


@router.get(HOME)
async def get_links(request: Request, lang: str = "") -> Response:
    """The ambassador's links to single pages."""
    return await _page(request)


@router.post(HOME, dependencies=[limit("product-links", per_minute=30)])
async def post_link(request: Request) -> Response:
    """Makes a link to the pasted page."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    given = str((await request.form()).get("page", ""))[:2_100]
    try:
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            await actions.make(tx, session.store_id, session.ambassador_id, given)
    except BadAddress:
        return await _page(request, given=given, wrong="page", status=422)
    except Conflict:
        return await _page(request, given=given, wrong="most", status=422)
    return Response(status_code=303, headers={"location": HOME})


async def _page(request: Request, *, given: str = "", wrong: str = "", status: int = 200) -> Response:
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        ambassador = await people.get(tx, session.store_id, session.ambassador_id)
        store = await stores.get(tx, session.store_id)
        look = worn_here(await looks.get(tx, session.store_id))
        main = await actions.main(tx, session.store_id, session.ambassador_id)
        found = await actions.listed(tx, session.store_id, session.ambassador_id)
    spoken = (ambassador.locale or store.locale)[:2]
    speech = PAGES.speech(PAGES.language(request, default=spoken))
    texts = {
        "page": speech.say("This is no page of the store. Copy the address of a product from your browser."),
        "most": speech.say("No more links can be made here. Ask the store."),
    }
    base = share_base(ctx, session.store_id)
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
        example=f"https://{store.domains[0]}/" if store.domains else "",
        main={"id": main.link_id, "short": share_url(base, main.slug)} if main else None,
        links=[
            {
                "id": link.link_id,
                "page": (link.destination or "").partition("://")[2],
                "short": share_url(base, link.slug),
                "own": with_slug(link.destination or "", link.slug),
            }
            for link in found
        ],
    )
