"""The portal's page on which an ambassador invites friends by mail."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from services.common.contacts import contact_hashes
from services.common.portal_bar import SHARE, portal_bar
from services.common.portal_session import to_sign_in
from services.kernel.context import Context
from services.kernel.errors import AppError, Conflict, NotFound
from services.kernel.http.body import MAX_STRANGERS_BODY
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.invites.domain import CONSENT
from services.links.inviting import actions
from services.links.inviting.api.console import read_form, wanted_of
from services.links.inviting.work import text_for_friends
from services.links.looks import actions as looks
from services.links.mail.work import can_send
from services.links.notices.actions.compose import reader_of
from services.links.notices.sql import notices
from services.links.pages import PAGES
from services.links.people import actions as people
from services.links.portal.api.sign_in import worn_here
from services.links.portal.api.visitor import visitor
from services.links.programs import actions as programs
from services.ui import LANGUAGES, Choice, mistakes

router = APIRouter(include_in_schema=False)

HOME: Final = "/p/invites"


@router.get(HOME)
async def get_invites(request: Request, given: int = 0, lang: str = "") -> Response:
    """The form, what is agreed to, and what friends get."""
    return await _page(request, {}, given=given)


@router.post(HOME, dependencies=[limit("portal-invites", per_minute=10)])
async def post_invites(request: Request) -> Response:
    """Takes the addresses. Says the same whoever they are of."""
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    form = await read_form(request)
    try:
        async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
            person = await people.present(tx, session.store_id, session.ambassador_id)
            if person.status != "active":
                raise Conflict("This ambassador invites nobody at the moment.", code="not_active")
            wanted = wanted_of(form, person.program_id, "friend")
            given = await actions.invite(
                tx,
                session.store_id,
                session.principal,
                wanted,
                hash_mail=lambda email: contact_hashes(ctx.ring, email=email),
                can_send=can_send(ctx),
            )
    except AppError as error:
        return await _page(request, form, refused=error, status=error.status)
    return Response(status_code=303, headers={"location": f"{HOME}?given={given}"})


async def _page(
    request: Request,
    form: Mapping[str, str],
    *,
    given: int = 0,
    refused: AppError | None = None,
    status: int = 200,
) -> Response:
    ctx: Context = request.scope[CONTEXT]
    session = await visitor(ctx, request)
    async with ctx.db.transaction([session.store_id], actor=session.principal) as tx:
        reader = await reader_of(ctx, tx, session.store_id, session.ambassador_id)
        if reader is None or reader.person is None:
            raise to_sign_in(request) from NotFound("There is no such ambassador.")
        spoken = PAGES.language(request, default=reader.speech.language)
        reader = await reader_of(ctx, tx, session.store_id, session.ambassador_id, language=spoken) or reader
        assert reader.person is not None
        look = worn_here(await looks.get(tx, session.store_id))
        turned_off = await notices.turned_off(tx, [session.store_id])
        letter = await text_for_friends(tx, reader)
        version = await programs.get(tx, session.store_id, reader.person.program_id)
        active = reader.person.status == "active" and version.program.status == "active"
    off = (session.store_id, "invite_friend") in turned_off or not can_send(ctx) or not active
    speech, language = reader.speech, form.get("language", reader.speech.language)
    return PAGES.render(
        request,
        "portal/invites.html",
        status=status,
        language=reader.speech.language,
        headers={"content-security-policy": look.policy},
        style=look.style,
        logo=look.logo,
        title=speech.say("Invite by e-mail"),
        bar=portal_bar(speech, SHARE),
        store=reader.store.name,
        given=speech.count("%(n)s address was taken.", "%(n)s addresses were taken.", given) if given else "",
        off=off,
        form=form,
        wrong={field.partition(".")[0]: text for field, text in mistakes(speech, refused).items()},
        consent=CONSENT,
        most_kb=MAX_STRANGERS_BODY // 1024 - 1,
        languages_to_choose=[Choice(name, value=code, current=code == language) for code, name in LANGUAGES.items()],
        letter=None if off else letter,
    )
