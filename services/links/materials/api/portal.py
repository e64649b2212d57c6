"""The portal's page of materials: what the store prepared, with the ambassador's own link in it."""

from typing import Final

from fastapi import APIRouter, Request, Response

from services.common.portal_bar import SHARE, portal_bar
from services.kernel.context import Context
from services.kernel.http.call import CONTEXT
from services.links.ambassadors import actions as ambassadors
from services.links.hosts.hot import share_base
from services.links.looks import actions as looks
from services.links.materials import actions, sql
from services.links.pages import PAGES
from services.links.portal.api.sign_in import worn_here
from services.links.portal.api.visitor import visitor
from services.links.stores import actions as stores
from services.ui import Speech

router = APIRouter(include_in_schema=False)

HOME: Final = "/p/materials"


@router.get(HOME)
async def get_portal_materials(request: Request, lang: str = "") -> Response:
    """Banners, texts and posts to share."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        member = await ambassadors.get(tx, session.store_id, session.ambassador_id)
        works = await ambassadors.shown_code(tx, member) is not None
        store = await stores.get(tx, session.store_id)
        look = worn_here(await looks.get(tx, session.store_id))
        spoken = (member.ambassador.locale or store.locale)[:2]
        language = PAGES.language(request, default=spoken)
        found = await sql.page(
            tx,
            session.store_id,
            program_id=member.ambassador.program_id,
            language=language,
            limit=actions.MOST_MATERIALS,
        )
    base = share_base(ctx, session.store_id)
    ready = [actions.ready(one, base=base, slug=member.slug, code=member.code) for one in found]
    return PAGES.render(
        request,
        "materials/portal.html",
        language=spoken,
        headers={"content-security-policy": look.policy},
        style=look.style,
        logo=look.logo,
        bar=portal_bar(PAGES.speech(language), SHARE),
        title=PAGES.speech(language).say("Materials"),
        store=store.name,
        blocked=member.ambassador.status != "active",
        sheet="/p/print-sheet.pdf",
        spoken=language,
        # A text that names a code which no checkout knows is not sent to friends yet.
        waiting=set() if works else {one.material.material_id for one in ready if "{code}" in one.material.body},
        # The page's own policy lets pictures of this very host in: the address without the link domain.
        materials=[(one, f"/m/{one.material.material_id}/{member.slug}/picture.webp") for one in ready],
        kinds=kinds(PAGES.speech(language)),
    )


def kinds(speech: Speech) -> dict[str, str]:
    """What each kind is called."""
    return {"banner": speech.say("Banner"), "text": speech.say("Text"), "post": speech.say("Post")}
