"""What a draft in the program's form would look like: its sentences with what to look at twice, and the page itself.

Nothing is kept. The page stands in a frame of the form and of no other site, without scripts, and leads nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache, partial
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.responses import HTMLResponse

from contracts.program import Program
from services.kernel.http.call import Call, viewer
from services.kernel.http.problems import field_path
from services.links.landing.api.public import STYLE
from services.links.landing.domain.page import inlaid
from services.links.landing.domain.words import letter, share_hashtags, share_text
from services.links.looks import actions as looks
from services.links.looks.domain import Look
from services.links.pages import PAGES
from services.links.programs import actions as programs
from services.links.programs.api.console import HOME
from services.links.programs.api.form_words import labels_of
from services.links.programs.domain import form as forms
from services.links.programs.domain import form_texts, words
from services.links.programs.domain.form import FormErrors
from services.links.programs.domain.warnings import warnings
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.domain import front_page
from services.links.stores.sql import Store
from services.ui import LANGUAGES, Format, Reader

router = APIRouter(include_in_schema=False)

_CODE: Final = "ANNA10"
_FRIENDS: Final = {"en": "Anna", "ru": "Анна", "uk": "Анна", "ro": "Ana"}
"""Who invites on the page that is shown."""
_MOST_LETTERS: Final = 25_000
_POLICY: Final = (
    "default-src 'none'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)
"""No scripts, no origin of its own, and no frame but one of ours."""
_inlaid = lru_cache(maxsize=100)(partial(inlaid, STYLE, ""))


@dataclass(frozen=True, slots=True)
class _Draft:
    """A program as it stands in a form. Without a `program` the fields in `unreadable` keep it from being read."""

    own: Store
    look: Look
    reader: Reader
    language: str
    program_id: str
    program: Program | None
    unreadable: tuple[str, ...] = ()


@router.post(f"{HOME}/preview")
async def post_preview(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """The draft in sentences, and what to look at twice: a fragment of the form."""
    draft = await _draft(request, call)
    program, language = draft.program, draft.language
    if program is None:
        return draft.reader.page("landing/draft.html", unreadable=draft.unreadable)
    speech, fmt = PAGES.speech(language), Format(language, zone=ZoneInfo(draft.own.timezone), now=draft.reader.now)
    reading = draft.reader
    return reading.page(
        "landing/draft.html",
        unreadable=(),
        warnings=warnings(program, draft.own.domains, reading.speech, reading.fmt),
        spoken=language,
        headline=words.headline(program, speech, fmt),
        lines=words.promises(program, speech, fmt),
        share=share_text(program, store=draft.own.name, code=_CODE, language=language, speech=speech, fmt=fmt),
        hashtags=words.hashtags(share_hashtags(program, language)),
        terms_url=f"/terms/{draft.program_id}?lang={language}" if draft.program_id else "",
        definition=program.model_dump_json(),
    )


@router.post(f"{HOME}/preview/page")
async def post_preview_page(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """The page of invitation of the draft, as friends would see it: for the frame beside the form."""
    draft = await _draft(request, call)
    own = _inlaid(replace(draft.look, logo=""))
    policy = f"{_POLICY}; {own.styles}"
    headers = {"content-security-policy": policy, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    if draft.program is None:
        return Response(status_code=204, headers=headers)
    language = draft.language
    fmt = Format(language, zone=ZoneInfo(draft.own.timezone), now=draft.reader.now)
    texts = letter(
        draft.program,
        state="open" if draft.program.status == "active" else "paused",
        who=_FRIENDS[language],
        store=draft.own.name,
        until=draft.reader.now + timedelta(days=draft.program.attribution.click_window_days),
        language=language,
        speech=PAGES.speech(language),
        fmt=fmt,
    )
    context = {
        "title": texts.title,
        "store": draft.own.name,
        "texts": texts,
        "code": _CODE if texts.code_note else None,
        "store_url": "#",
        "share_url": "",
        "picture_url": "",
        "picture_type": "",
        "picture_size": (0, 0),
        "description": "",
        "style": own.style,
        "script": "",
        "logo": draft.look.logo,
        "draft": True,
    }
    return HTMLResponse(PAGES.render_text("landing/page.html", language, context=context), headers=headers)


async def _draft(request: Request, call: Call) -> _Draft:
    sent = await request.form()
    given = {name: value[:_MOST_LETTERS] for name, value in sent.items() if isinstance(value, str)}
    before = None
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        look = await looks.get(tx, call.store_id)
        if given.get("program_id"):
            before = (await programs.get(tx, call.store_id, given["program_id"])).program
        reader = reader_of(request, own, tx.now)
    language = given.get("preview_language", "")
    if language not in LANGUAGES:
        language = own.locale[:2] if own.locale[:2] in LANGUAGES else "en"
    program_id = given.get("program_id", "")
    try:
        program = _read(given, own, before)
    except FormErrors as error:
        wrong = tuple(error.errors)
    except ValidationError as error:
        wrong = tuple(form_texts.named(field_path(one["loc"])) for one in error.errors(include_url=False))
    else:
        return _Draft(own, look, reader, language, program_id, program)
    labels = labels_of(reader.speech, given.get("currency") or own.currency)
    unreadable = tuple(dict.fromkeys(labels.get(name, labels["landing_url"]) for name in wrong))
    return _Draft(own, look, reader, language, program_id, None, unreadable)


def _read(given: Mapping[str, str], own: Store, before: Program | None) -> Program:
    """The program of the form; what is not written yet is no hindrance to look at the rest."""
    page = front_page(own.domains[0]) if own.domains else "https://shop.example/"
    usual = {"name": own.name, "landing_url": page}
    filled = {**given, **{name: text for name, text in usual.items() if not given.get(name, "").strip()}}
    return Program.model_validate(forms.read(filled, before=before))
