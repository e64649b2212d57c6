"""`/join/{program}`: the public page on which people become ambassadors by themselves.

It answers alike for known and unknown addresses: what somebody is, they read in their mail. Robots are kept off by a
field that only they fill in, by the time that a person takes, and by limits per caller and per address written to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response

from contracts.fields import Role
from contracts.joining import Joining
from services.common.codes import fold
from services.common.contacts import contact_hashes
from services.common.portal_session import SIGN_IN_PATH
from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.console import refuse_foreign_write
from services.kernel.http.limits import limit
from services.links.ambassadors.schemas import email_or_none, name_or_none
from services.links.invites import actions as invites
from services.links.join import actions, domain
from services.links.join.actions import Wish
from services.links.looks import actions as looks
from services.links.looks.domain import Look, worn
from services.links.mail.work import can_send
from services.links.pages import PAGES
from services.links.programs import actions as programs
from services.links.programs import sql as rows
from services.links.programs.domain import words as rules
from services.links.programs.sql import Version
from services.links.proofs.api import browser_of, keep_browser
from services.links.stores import actions as stores
from services.links.stores.domain import front_page
from services.links.stores.sql import Store
from services.ui import CONTENT_SECURITY_POLICY, Choice, FieldError, Format, Speech

router = APIRouter(include_in_schema=False)

_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "same-origin", "x-robots-tag": "noindex"}
_MOST_CODE: Final = 20
_Sent = Annotated[str, Form(max_length=300)]


@dataclass(frozen=True, slots=True)
class _Place:
    """What the page is made of. `joining` is None where nobody can join by themselves at the moment."""

    version: Version
    store: Store
    look: Look
    joining: Joining | None
    invitation: str | None = None
    """The id of the invitation that whoever looks at it came by, and what stands for it in the address."""
    token: str = ""


@router.get("/join/{program_id}")
async def get_join(program_id: str, request: Request, invitation: str = "", lang: str = "") -> Response:
    """The page to join; with an invitation also of a program that is by invitation only."""
    ctx: Context = request.scope[CONTEXT]
    return _page(ctx, request, await _place(ctx, program_id, invitation), {}, {})


@router.post("/join/{program_id}", dependencies=[limit("join", per_minute=10)])
async def post_join(
    program_id: str,
    request: Request,
    email: _Sent = "",
    name: _Sent = "",
    role: _Sent = "",
    code: _Sent = "",
    terms: _Sent = "",
    website: _Sent = "",
    opened: _Sent = "",
    invitation: _Sent = "",
) -> Response:
    """Has the address written to. Says the same whoever it belongs to."""
    ctx: Context = request.scope[CONTEXT]
    refuse_foreign_write(ctx, request)
    place = await _place(ctx, program_id, invitation)
    if place.joining is None:
        return _page(ctx, request, place, {}, {}, status=409)
    browser = browser_of(ctx, request)
    there = Response(status_code=303, headers={"location": f"{SIGN_IN_PATH}/code?program={program_id}&joining=1"})
    keep_browser(ctx, there, browser)
    if website:
        return there  # no person sees this field; who fills it in may think that all went well
    form = {"email": email, "name": name, "role": role, "code": code, "terms": terms, "opened": opened}
    speech, _ = _speech(request, place.store)
    wrong, wish = _read(ctx, place, form, PAGES.language(request, default=place.store.locale[:2]), speech)
    if domain.is_too_quick(ctx.ring, program_id, opened, now=real_time()):
        wrong.setdefault("form", speech.say("Please look through it once more, and press the button again."))
    if not wrong and wish is not None:
        async with ctx.db.transaction([place.store.store_id]) as tx:
            wrong = await _taken(tx, place, wish, speech)
            if not wrong:
                await actions.apply(tx, place.version, wish, browser=browser)
    return _page(ctx, request, place, form, wrong, status=422) if wrong else there


async def _place(ctx: Context, program_id: str, token: str) -> _Place:
    async with ctx.db.transaction() as tx:
        store_id = await rows.store_of(tx, program_id)
        if store_id is None:
            raise NotFound("There is no such program.")
        await tx.see([store_id])
        version = await programs.get(tx, store_id, program_id)
        store = await stores.get(tx, store_id)
        look = await looks.get(tx, store_id)
        invitation = await _invitation(ctx, tx, version, token)
    if version.program.status != "active" or not can_send(ctx):
        return _Place(version, store, look, None)
    joining = version.program.joining or (Joining() if invitation else None)
    return _Place(version, store, look, joining, invitation, token if invitation else "")


async def _invitation(ctx: Context, tx: Tx, version: Version, token: str) -> str | None:
    """The id of an invitation to this program that stands."""
    found = invites.store_of(ctx.ring, token) if token else None
    if found is None or found[0] != version.store_id:
        return None
    opened = await invites.opened(tx, version.store_id, version.program_id, found[1])
    return None if opened is None else opened.by_id


def _read(
    ctx: Context, place: _Place, form: Mapping[str, str], language: str, speech: Speech
) -> tuple[dict[str, str], Wish | None]:
    """What is wrong with the form, by field; and what it wishes for."""
    joining, wrong = place.joining, {}
    assert joining is not None
    address = email_or_none(form["email"])
    hashes = contact_hashes(ctx.ring, email=address) if address else ()
    if address is None or not hashes:
        wrong["email"] = speech.say("Write your e-mail address, such as anna@example.com.")
    name = name_or_none(form["name"])
    if form["name"].strip() and name is None:
        wrong["name"] = speech.say("At most 120 signs, in one line.")
    roles: dict[str, Role] = {role: role for role in joining.roles}
    if joining.roles and form["role"] not in roles:
        wrong["role"] = speech.say("Choose one of these.")
    wished = form["code"].strip() if joining.offers_code else ""
    code = fold(wished) if wished else None
    if wished and (code is None or len(code) < 4 or len(code) > _MOST_CODE):
        wrong["code"] = speech.say("A code has 4 to 20 Latin letters, digits and hyphens.")
    if joining.terms is not None and form["terms"] != joining.terms.version:
        wrong["terms"] = speech.say("Read the terms and agree to them: without that nobody can join.")
    if wrong or address is None:
        return wrong, None
    return {}, Wish(
        email=address,
        mail_hash=hashes[0],
        name=name,
        role=roles.get(form["role"]),
        code=code,
        terms_version=joining.terms.version if joining.terms else None,
        locale=language,
        invitation=place.invitation,
    )


async def _taken(tx: Tx, place: _Place, wish: Wish, speech: Speech) -> dict[str, str]:
    if wish.code is None:
        return {}
    others = await actions.taken(tx, place.store.store_id, wish.code)
    if others is None:
        return {}
    free = speech.say("Free are: %(codes)s.", codes=", ".join(others)) if others else ""
    return {"code": " ".join(filter(None, (speech.say("Somebody has %(code)s already.", code=wish.code), free)))}


def _page(
    ctx: Context,
    request: Request,
    place: _Place,
    form: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    speech, fmt = _speech(request, place.store)
    program, joining, store = place.version.offered, place.joining, place.store
    program_id = place.version.program_id
    labels = {
        "email": speech.say("E-mail"),
        "name": speech.say("First name"),
        "role": speech.say("Who are you to the store?"),
        "code": speech.say("Promo code of your own"),
        "terms": speech.say("Terms"),
    }
    seen = worn(place.look, CONTENT_SECURITY_POLICY)
    return PAGES.render(
        request,
        "join/page.html",
        status=status,
        language=store.locale[:2],
        headers={**_HEADERS, "content-security-policy": seen.policy},
        title=rules.headline(program, speech, fmt),
        store=store.name,
        style=seen.style,
        logo=seen.logo,
        lines=rules.promises(program, speech, fmt),
        joining=joining,
        invitation=place.token,
        action=f"/join/{program_id}",
        terms_url=f"/terms/{program_id}",
        sign_in=f"{SIGN_IN_PATH}?program={program_id}",
        shop=front_page(store.domains[0]) if store.domains else "",
        form={**dict.fromkeys(labels, ""), **form},
        labels=labels,
        wrong=wrong,
        summary=[FieldError(field, labels[field], text) for field, text in wrong.items() if field in labels],
        roles=_roles(joining, form.get("role", ""), speech),
        opened=domain.opened(ctx.ring, program_id, now=real_time(), before=form.get("opened", "")),
    )


def _roles(joining: Joining | None, chosen: str, speech: Speech) -> list[Choice]:
    """To choose from; the first where nobody chose."""
    roles = joining.roles if joining else ()
    current = chosen or next(iter(roles), "")
    return [Choice(rules.role(role, speech), value=role, current=role == current) for role in roles]


def _speech(request: Request, store: Store) -> tuple[Speech, Format]:
    language = PAGES.language(request, default=store.locale[:2])
    return PAGES.speech(language), Format(language, zone=ZoneInfo(store.timezone))
