"""`/terms/{program}`: what holds in a program, for everybody to read; `?version=` shows what held before."""

from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from services.kernel.context import Context
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.links.looks import actions as looks
from services.links.looks.domain import worn
from services.links.pages import PAGES
from services.links.programs import actions as programs
from services.links.programs import sql as rows
from services.links.programs.domain import words as rules
from services.links.programs.domain.budget import used_up_text
from services.links.programs.sql import Version
from services.links.stores import actions as stores
from services.ui import CONTENT_SECURITY_POLICY, Format, Speech

router = APIRouter(include_in_schema=False)

_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "same-origin", "x-robots-tag": "noindex"}
_Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/terms/{program_id}")
async def get_terms(program_id: str, request: Request, version: _Version = None, lang: str = "") -> Response:
    """The rules in plain sentences, and the terms that one agrees to."""
    ctx: Context = request.scope[CONTEXT]
    async with ctx.db.transaction() as tx:
        store_id = await rows.store_of(tx, program_id)
        if store_id is None:
            raise NotFound("There is no such program.")
        await tx.see([store_id])
        newest = await programs.get(tx, store_id, program_id)
        shown = newest if version is None else await programs.get(tx, store_id, program_id, version=version)
        store = await stores.get(tx, store_id)
        look = await looks.get(tx, store_id)
    language = PAGES.language(request, default=store.locale[:2])
    speech, fmt = PAGES.speech(language), Format(language, zone=ZoneInfo(store.timezone))
    seen = worn(look, CONTENT_SECURITY_POLICY)
    program, here = shown.program, f"/terms/{program_id}"
    terms = program.joining.terms if program.joining else None
    own = terms.own(language) if terms else None
    return PAGES.render(
        request,
        "terms/terms.html",
        language=store.locale[:2],
        headers={**_HEADERS, "content-security-policy": seen.policy},
        title=speech.say("Terms"),
        store=store.name,
        style=seen.style,
        logo=seen.logo,
        headline=rules.headline(program, speech, fmt),
        standing=_standing(newest, speech),
        lines=rules.promises(program, speech, fmt),
        terms=terms,
        spoken=language if own is not None else "",
        paragraphs=[part for part in (own or terms.text).split("\n\n") if part.strip()] if terms else [],
        version=shown.version,
        since=fmt.date(shown.published_at, year=True),
        earlier=f"{here}?version={shown.version - 1}" if shown.version > 1 else "",
        newest=here if shown.version < newest.version else "",
        join=f"/join/{program_id}" if newest.program.joining else "",
    )


def _standing(newest: Version, speech: Speech) -> str:
    """What is to be known before reading on, where the program does not run, or gives no money at the moment."""
    if newest.program.status == "active":
        return used_up_text(speech) if newest.exhausted else ""
    paused = newest.program.status == "paused"
    return speech.say("This program is paused.") if paused else speech.say("This program has ended.")
