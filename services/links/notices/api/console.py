"""The console's pages of messages: which are sent, and in which words; with a preview and a message for a try."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.errors import AppError, Invalid
from services.kernel.http.call import Call, viewer
from services.links.mail.domain import Letter
from services.links.notices.actions import wording
from services.links.notices.domain.occasions import OCCASIONS, Occasion, Words, values_of
from services.links.notices.domain.plan import is_alarm
from services.links.notices.schemas import TemplateIn
from services.links.notices.sql import templates
from services.links.notices.words import occasion_text
from services.links.notices.work import sample_letter
from services.links.pages import PAGES
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.ui import LANGUAGES, Chip, Choice, Column, Name, Row, Table, mistakes

router = APIRouter(include_in_schema=False)

HOME: Final = "/console/links/messages"
_ONE: Final = f"{HOME}/{{occasion}}/{{language}}"


@router.get(HOME)
async def get_messages(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """Every message to ambassadors: whether it is sent, and in whose words."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        enabled = await wording.enabled(tx, call.store_id)
        written = {(one.occasion, one.language) for one in await templates.every(tx, call.store_id)}
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    rows = []
    for occasion in OCCASIONS:
        state = Chip(speech.label("chip", "Told"), "good", "tick")
        if not enabled.get(occasion, True):
            state = Chip(speech.label("chip", "Not told"), "neutral", "dash")
        whose = ", ".join(name for code, name in LANGUAGES.items() if (occasion, code) in written)
        href = f"{HOME}/{occasion}/{reader.speech.language}"
        name = Name(occasion_text(occasion, speech), href=href)
        facts = [state.label, whose] if whose else [state.label]
        rows.append(Row({"name": name, "state": state, "own": whose or None}, facts=facts))
    columns = [
        Column("name", speech.label("head", "Message")),
        Column("state", speech.label("head", "State")),
        Column("own", speech.label("head", "Own words"), minor=True),
    ]
    title = speech.say("Messages to ambassadors")
    return reader.page("notices/list.html", title=title, table=Table(title, columns, rows, listing=True))


@router.post(f"{HOME}/{{occasion}}")
async def post_occasion(occasion: str, request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Notifies of an occasion from now on, or does not."""
    found = wording.known(occasion)
    enabled = bool((await request.form()).get("told"))
    async with call.transaction() as tx:
        await wording.set_enabled(tx, call.store_id, found, enabled=enabled)
    return Response(status_code=303, headers={"location": HOME})


@router.get(_ONE)
async def get_words(
    occasion: str, language: str, request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = ""
) -> Response:
    """The words of one message in one language, and what they look like."""
    return await _page(request, call, wording.known(occasion), wording.spoken(language))


@router.post(_ONE)
async def post_words(
    occasion: str, language: str, request: Request, call: Annotated[Call, viewer("programs:write")]
) -> Response:
    """Keeps the words, goes back to ours, shows them, or sends them to somebody for a try: as the button says."""
    one, spoken = wording.known(occasion), wording.spoken(language)
    form = {name: str(value)[:6_000] for name, value in (await request.form()).items()}
    typed = Words(subject=form.get("subject", ""), body=form.get("body", ""), label=form.get("label", ""))
    wanted = form.get("do", "save")
    try:
        if wanted not in ("reset", "try"):
            given = TemplateIn(subject=typed.subject, body=typed.body.replace("\r\n", "\n"), label=typed.label)
            typed = given.words()
            wording.check(one, typed)
        if wanted == "preview":
            return await _page(request, call, one, spoken, typed=typed)
        async with call.transaction() as tx:
            if wanted == "reset":
                await wording.drop(tx, call.store_id, one, spoken)
            elif wanted == "try":
                await wording.send_try(tx, call.store_id, form.get("ambassador_id", "").strip(), one, spoken)
            else:
                await wording.save(tx, call.store_id, one, spoken, typed)
    except (ValidationError, Invalid) as error:
        return await _page(request, call, one, spoken, typed=typed, refused=error, status=422)
    except AppError as error:  # of whom it was to be sent to
        return await _page(request, call, one, spoken, refused=error, status=error.status)
    return Response(status_code=303, headers={"location": f"{HOME}/{one}/{spoken}"})


async def _page(
    request: Request,
    call: Call,
    occasion: Occasion,
    language: str,
    *,
    typed: Words | None = None,
    refused: ValidationError | AppError | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        kept = await wording.words_in(tx, call.store_id, occasion, language, PAGES.speech(language))
        enabled = None if is_alarm(occasion) else (await wording.enabled(tx, call.store_id)).get(occasion)
        reader = reader_of(request, own, tx.now)
        shown: Letter = sample_letter(
            call.ctx, own, occasion, language, kept if typed is None or refused else typed, now=tx.now
        )
    return reader.page(
        "notices/edit.html",
        status=status,
        title=occasion_text(occasion, reader.speech),
        occasion=occasion,
        here=f"{HOME}/{occasion}/{language}",
        words=typed or kept,
        wrong={field or "ambassador_id": text for field, text in mistakes(reader.speech, refused).items()},
        letter=shown,
        enabled=enabled,
        values=", ".join(f"{{{name}}}" for name in values_of(occasion)),
        languages=[
            Choice(name, href=f"{HOME}/{occasion}/{code}", current=code == language) for code, name in LANGUAGES.items()
        ],
        may_change="programs:write" in call.caller.scopes,
    )
