"""The portal's page of one's phone: a number, the code that went there, and the end of messages."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response

from services.common.portal_bar import SETTINGS, portal_bar
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.looks import actions as looks
from services.links.notices.api.preferences import sms_state
from services.links.pages import PAGES
from services.links.people import actions as people
from services.links.people.sql import Ambassador
from services.links.phone_codes import sql as codes
from services.links.portal.api.sign_in import QUIET, worn_here
from services.links.portal.api.visitor import visitor
from services.links.sms.actions import phones
from services.links.sms_gateways import sql as sql
from services.links.sms_gateways.domain.numbers import masked, number_of
from services.links.sms_gateways.sql import Settings
from services.links.stores import actions as stores
from services.ui import Speech

router = APIRouter(include_in_schema=False)

PHONE: Final = "/p/phone"


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What could not be done: of the number, or of the code."""

    number: str = ""
    code: str = ""
    given: str = ""


@router.get(PHONE)
async def get_phone(request: Request, lang: str = "", another: str = "") -> Response:
    """Where it stands: which number is proved or waits for its code, and the form for what comes next."""
    return await _page(request, another=bool(another))


@router.post(PHONE, dependencies=[limit("portal-phone", per_minute=20)])
async def post_phone(request: Request, number: Annotated[str, Form(max_length=40)] = "") -> Response:
    """Has a code sent to a number. Says the same of every number."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    wanted = number_of(number)
    if wanted is None:
        return await _page(request, wrong=_Wrong(number="no_number", given=number), status=422)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        asked = await phones.ask(tx, ctx.ring, session.store_id, session.ambassador_id, wanted)
    if asked != "asked":
        status = {"too_often": 429, "closed": 409}.get(asked, 422)
        return await _page(request, wrong=_Wrong(number=asked, given=number), status=status)
    return Response(status_code=303, headers={"location": PHONE})


@router.post(f"{PHONE}/code", dependencies=[limit("portal-phone-code", per_minute=10)])
async def post_code(request: Request, code: Annotated[str, Form(max_length=16)] = "") -> Response:
    """Proves the number by the code that went there."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        proved = await phones.prove(tx, ctx.ring, session.store_id, session.ambassador_id, code)
    if not proved:
        return await _page(request, wrong=_Wrong(code="wrong"), status=422)
    return Response(status_code=303, headers={"location": PHONE})


@router.post(f"{PHONE}/end", dependencies=[limit("portal-phone-end", per_minute=10)])
async def post_end(request: Request) -> Response:
    """Ends SMS to the ambassador."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        await phones.end(tx, session.store_id, session.ambassador_id)
    return Response(status_code=303, headers={"location": PHONE})


async def _page(request: Request, *, wrong: _Wrong | None = None, another: bool = False, status: int = 200) -> Response:
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        person = await people.get(tx, session.store_id, session.ambassador_id)
        store = await stores.get(tx, session.store_id)
        gateway = await sql.get(tx, session.store_id)
        state = await sms_state(tx, person)
        waits = await _waits(tx, ctx, person)
        look = worn_here(await looks.get(tx, session.store_id))
    spoken = (person.locale or store.locale)[:2]
    speech = PAGES.speech(PAGES.language(request, default=spoken))
    wrong = wrong or _Wrong()
    if wrong.code and not waits:
        wrong = _Wrong(number="over")
    asks_code = bool(waits) and not another and not wrong.number
    return PAGES.render(
        request,
        "portal/phone.html",
        status=status,
        language=spoken,
        headers={**QUIET, "content-security-policy": look.policy},
        style=look.style,
        logo=look.logo,
        title=speech.say("SMS"),
        bar=portal_bar(speech, SETTINGS),
        store=store.name,
        on=gateway is not None and gateway.state == "active",
        state=state,
        number=masked(person.sms) if person.sms else "",
        waits=masked(person.sms_asked) if asks_code and person.sms_asked else "",
        given=wrong.given,
        hint=_hint(gateway, speech),
        wrong_number=_why(wrong.number, gateway, speech),
        wrong_code=speech.say("This is not the code, or its time is over.") if wrong.code else "",
    )


async def _waits(tx: Tx, ctx: Context, person: Ambassador) -> bool:
    """Whether a code of this number may be typed now."""
    if person.sms_asked is None:
        return False
    code = await codes.newest(tx, person.store_id, person.ambassador_id)
    return code is not None and code.number_hash == phones.hash_of(ctx.ring, person.sms_asked)


def _hint(gateway: Settings | None, speech: Speech) -> str:
    first = gateway.prefixes[0] if gateway is not None and gateway.prefixes else "+373"
    return speech.say("With the country’s code, as in %(example)s.", example=first)


def _why(wrong: str, gateway: Settings | None, speech: Speech) -> str:
    if wrong == "not_there":
        begins = ", ".join(gateway.prefixes if gateway is not None else ())
        return speech.say("SMS go only to numbers that begin with %(prefixes)s.", prefixes=begins)
    return {
        "no_number": speech.say(
            "Write the number with its country’s code, as in %(example)s.", example="+373 69 123 456"
        ),
        "too_often": speech.say("You asked for many codes. Try again tomorrow."),
        "closed": speech.say("No SMS can be sent now. Try again tomorrow."),
        "over": speech.say("The code’s time is over, or it was typed wrongly too often. Ask for another."),
    }.get(wrong, "")
