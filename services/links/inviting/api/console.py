"""The console's page of invitations: addresses to write to, and personal addresses by which people join."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from services.common.contacts import contact_hashes
from services.common.words import Translatable, _
from services.kernel.errors import AppError, Invalid
from services.kernel.http.body import MAX_BODY
from services.kernel.http.call import Call, viewer
from services.links.invites import domain, sql
from services.links.invites.domain import CONSENT, LASTING, MOST_AT_ONCE, token_of
from services.links.invites.sql import Invitation
from services.links.inviting import actions
from services.links.inviting.actions import Wanted
from services.links.mail.work import can_send
from services.links.programs import sql as programs
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import LANGUAGES, Chip, Choice, Column, Reader, Row, Table, mistakes

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/links/invites"


@router.get(HOME)
async def get_invites(
    request: Request, call: Annotated[Call, viewer("ambassadors:read")], given: int = 0, lang: str = ""
) -> Response:
    """Both forms, and the personal addresses there are."""
    return await _page(request, call, {}, given=given)


@router.post(HOME)
async def post_invites(request: Request, call: Annotated[Call, viewer("ambassadors:write")]) -> Response:
    """Invites people, makes a personal address, or ends one: as the button says."""
    form = await read_form(request)
    where, who = HOME, call.caller.principal
    try:
        async with call.transaction() as tx:
            if form.get("do") == "address":
                await actions.open_address(
                    tx, call.store_id, form.get("program_id", ""), inviter_id=who.id, label=form.get("label", "")
                )
            elif form.get("do") == "end":
                await actions.close_address(tx, call.store_id, form.get("invitation_id", ""))
            else:
                wanted = wanted_of(form, form.get("program_id", ""), "join")
                able = can_send(call.ctx)
                given = await actions.invite(tx, call.store_id, who, wanted, hash_mail=_hashes(call), can_send=able)
                where = f"{HOME}?given={given}"
    except AppError as error:
        return await _page(request, call, form, refused=error, status=error.status)
    return Response(status_code=303, headers={"location": where})


async def read_form(request: Request) -> dict[str, str]:
    """The form, with a file's text behind what was pasted: all of both. The edge refuses what is too long."""
    async with request.form(max_part_size=MAX_BODY, max_files=1) as sent:
        form = {name: value for name, value in sent.items() if isinstance(value, str)}
        upload = sent.get("file")
        if isinstance(upload, UploadFile) and upload.size:
            text = (await upload.read()).decode("utf-8-sig", "replace")
            form["emails"] = f"{form.get('emails', '')}\n{text}".strip()
    return form


def wanted_of(form: Mapping[str, str], program_id: str, purpose: domain.Purpose) -> Wanted:
    """What a form asks for. Raises `Invalid` for too many addresses at once."""
    emails = domain.addresses(form.get("emails", ""))
    if len(emails) > MOST_AT_ONCE:
        raise Invalid.field("emails", Translatable(_("At most %(most)s at once."), most=MOST_AT_ONCE), code="too_many")
    language = form.get("language", "")
    return Wanted(
        program_id=program_id,
        purpose=purpose,
        emails=emails,
        language=language if language in LANGUAGES else "en",
        consent=form.get("consent", ""),
    )


async def _page(
    request: Request,
    call: Call,
    form: Mapping[str, str],
    *,
    given: int = 0,
    refused: AppError | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        named = [one for one in await programs.names(tx, call.store_id) if one.status == "active"]
        kept = await sql.invitations(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    program, language = form.get("program_id"), form.get("language", own.locale[:2])
    return reader.page(
        "inviting/console.html",
        status=status,
        title=speech.say("Invitations"),
        here=HOME,
        given=speech.count("%(n)s address was taken.", "%(n)s addresses were taken.", given) if given else "",
        form=form,
        wrong={field.partition(".")[0] or "program_id": text for field, text in mistakes(speech, refused).items()},
        programs=[Choice(one.name, value=one.program_id, current=one.program_id == program) for one in named],
        languages=[Choice(name, value=code, current=code == language) for code, name in LANGUAGES.items()],
        consent=CONSENT,
        most_kb=MAX_BODY // 1024 - 1,
        spoken=reader.speech.language,
        can_send=can_send(call.ctx),
        table=_table(kept, reader) if kept else None,
        open_ones=[
            Choice(one.label, value=one.invitation_id, href=address_of(call, one))
            for one in kept
            if one.ended_at is None
        ],
        may_change="ambassadors:write" in call.caller.scopes,
    )


def _table(kept: Sequence[Invitation], reader: Reader) -> Table:
    speech, rows = reader.speech, []
    for one in kept:
        over = one.ended_at is not None
        chip = Chip(speech.label("chip", "Ended"), "neutral", "dash")
        state = chip if over else Chip(speech.label("chip", "Open"), "good", "disc")
        joined = reader.fmt.number(one.joined)
        facts = [state.label, reader.speech.count("%(n)s joined", "%(n)s joined", one.joined, n=joined)]
        rows.append(Row({"label": one.label, "state": state, "joined": joined}, facts=facts))
    columns = [
        Column("label", speech.label("head", "Whose")),
        Column("state", speech.label("head", "State")),
        Column("joined", speech.label("head", "Joined"), figure=True),
    ]
    return Table(speech.say("Personal addresses"), columns, rows, listing=True)


def address_of(call: Call, one: Invitation) -> str:
    """Where people join who are invited by it."""
    token = token_of(call.ctx.ring, one.store_id, one.invitation_id, created_at=one.created_at, life=LASTING)
    return f"{call.ctx.settings.base_url}/join/{one.program_id}?invitation={token}"


def _hashes(call: Call) -> actions.HashMail:
    return lambda email: contact_hashes(call.ctx.ring, email=email)
