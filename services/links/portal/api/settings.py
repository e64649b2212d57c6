"""What an ambassador sets, takes along and ends: name and language, a copy of what is known, sessions, everything."""

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Form, Request, Response
from pydantic import TypeAdapter, ValidationError

from services.common.contacts import contact_hashes
from services.common.portal_bar import SETTINGS, portal_bar
from services.common.portal_session import PortalSession
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.ambassadors import actions
from services.links.ambassadors.schemas import PublicName
from services.links.hosts.hot import share_base
from services.links.links import sql as links
from services.links.links.schemas import share_url
from services.links.looks import actions as looks
from services.links.pages import PAGES
from services.links.people import actions as people
from services.links.people.sql import Ambassador
from services.links.portal.api.sign_in import headers_of, worn_here
from services.links.portal.api.visitor import drop_cookie, visitor
from services.links.session import sql as sessions
from services.links.sms_gateways import sql as gateways
from services.links.sms_gateways.domain.numbers import masked
from services.links.stores import actions as stores
from services.links.stores.domain import front_page
from services.ui import Choice
from services.ui.locales import LANGUAGES

router = APIRouter(include_in_schema=False)

ERASE: Final = "/p/erase"
MY_DATA: Final = "/p/my-data.json"
_MOST_LINKS: Final = 1_000
_name = TypeAdapter(PublicName)


@router.get(SETTINGS)
async def get_settings(request: Request, lang: str = "", saved: str = "") -> Response:
    """The form, and what else one may do."""
    return await _page(request, saved=bool(saved))


@router.post(SETTINGS, dependencies=[limit("portal-settings", per_minute=30)])
async def post_settings(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    language: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Keeps the name by which friends see the ambassador, and the language of mails and pages."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    chosen = " ".join(name.split())
    if chosen:
        try:
            _name.validate_python(chosen)
        except ValidationError:
            return await _page(request, given=name, wrong=True, status=422)
    changes: dict[str, object] = {"public_name": chosen or None}
    if language in LANGUAGES:
        changes["locale"] = language
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        await actions.change(
            tx,
            session.store_id,
            session.ambassador_id,
            changes,
            hash_contacts=lambda email, phone: contact_hashes(ctx.ring, email=email, phone=phone),
        )
    # The page is shown in the language that was chosen just now, whatever this browser kept before.
    spoken = f"&lang={language}" if language in LANGUAGES else ""
    return Response(status_code=303, headers={"location": f"{SETTINGS}?saved=1{spoken}"})


@router.get(MY_DATA)
async def get_my_data(request: Request) -> Response:
    """A copy of what this service knows of the ambassador: who they are, and how they share."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        found = await _known(ctx, tx, session)
    headers = {"content-disposition": 'attachment; filename="my-data.json"', "cache-control": "private, no-store"}
    return Response(orjson.dumps(found, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)


@router.post(ERASE, dependencies=[limit("portal-erase", per_minute=10)])
async def post_erase(request: Request, sure: Annotated[str, Form(max_length=8)] = "") -> Response:
    """Erases the person, for good, as a member of the store would."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    if not sure:
        return Response(status_code=303, headers={"location": SETTINGS})
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        store, seen = await stores.get(tx, session.store_id), worn_here(await looks.get(tx, session.store_id))
        await actions.erase(tx, session.store_id, session.ambassador_id)
    await ctx.live.refresh()
    name, cookie = drop_cookie(ctx)
    speech = PAGES.speech(PAGES.language(request, default=store.locale[:2]))
    return PAGES.render(
        request,
        "portal/erased.html",
        headers={name: cookie, **headers_of(seen)},
        style=seen.style,
        logo=seen.logo,
        title=speech.say("You are erased"),
        store=store.name,
        shop=front_page(store.domains[0]) if store.domains else "",
    )


async def _page(
    request: Request, *, given: str | None = None, wrong: bool = False, saved: bool = False, status: int = 200
) -> Response:
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        ambassador = await people.get(tx, session.store_id, session.ambassador_id)
        store = await stores.get(tx, session.store_id)
        gateway = await gateways.get(tx, session.store_id)
        devices = await sessions.open_portals(tx, session.store_id, session.ambassador_id)
        seen = worn_here(await looks.get(tx, session.store_id))
    spoken = (ambassador.locale or store.locale)[:2]
    language = PAGES.language(request, default=spoken)
    speech = PAGES.speech(language)
    return PAGES.render(
        request,
        "portal/settings.html",
        status=status,
        language=spoken,
        headers={"content-security-policy": seen.policy},
        style=seen.style,
        logo=seen.logo,
        title=speech.say("Settings"),
        store=store.name,
        bar=portal_bar(speech, SETTINGS),
        saved=saved,
        name=(ambassador.public_name or "") if given is None else given,
        error=speech.say("At most 40 letters, and neither an address nor a number.") if wrong else "",
        languages_to_choose=[Choice(label, value=code, current=code == spoken) for code, label in LANGUAGES.items()],
        mail=ambassador.email,
        phone=masked(ambassador.sms) if ambassador.sms else "",
        sms=gateway is not None and gateway.state == "active",
        devices=devices,
    )


async def _known(ctx: Context, tx: Tx, session: PortalSession) -> dict[str, Any]:
    member = await actions.get(tx, session.store_id, session.ambassador_id)
    mine = await links.page(tx, session.store_id, ambassador_id=session.ambassador_id, limit=_MOST_LINKS)
    base = share_base(ctx, session.store_id)
    return {
        **_person(member.ambassador),
        "code": member.code,
        "links": [{"url": share_url(base, one.slug), "leads_to": one.destination} for one in mine],
    }


def _person(person: Ambassador) -> dict[str, Any]:
    kept = ("ambassador_id", "program_id", "external_id", "status", "locale", "role", "created_at")
    given = ("name", "public_name", "email", "phone", "sms", "terms_version", "terms_at")
    return {name: getattr(person, name) for name in (*kept, *given)}
