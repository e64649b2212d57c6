"""The console's page of what the store's systems fill in where a buyer gave no name."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.http.call import Call, viewer
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.schemas import MOST_PLACEHOLDERS, StorePlaceholders
from services.links.stores.words import PLACEHOLDERS, settings_bar
from services.ui import Speech

router = APIRouter(include_in_schema=False)

_FIELDS = ("customer_ids", "emails", "phones")
_MOST_LETTERS = 100_000


@router.get(PLACEHOLDERS)
async def get_page(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """The store's own, one a line."""
    return await _page(request, call)


@router.post(PLACEHOLDERS)
async def post_page(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Replaces them."""
    sent = await request.form()
    given = {name: str(sent.get(name, ""))[:_MOST_LETTERS] for name in _FIELDS}
    lines = {name: [line.strip() for line in text.splitlines() if line.strip()] for name, text in given.items()}
    wrong: dict[str, str] = {}
    try:
        wanted = StorePlaceholders.model_validate(lines)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False):
            name, *place = item["loc"]
            wrong.setdefault(str(name), lines[str(name)][place[0]] if place and isinstance(place[0], int) else "")
    if wrong:
        return await _page(request, call, given=given, wrong=wrong, status=422)
    async with call.transaction() as tx:
        await stores.change(tx, call.store_id, placeholders=wanted.named(call.ctx.ring))
    return Response(status_code=303, headers={"location": PLACEHOLDERS})


async def _page(
    request: Request,
    call: Call,
    *,
    given: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    return reader.page(
        "store_settings/placeholders.html",
        status=status,
        title=speech.say("Placeholders"),
        form=given or {name: "\n".join(getattr(own.placeholders, name)) for name in _FIELDS},
        wrong={name: _sentence(speech, name, line) for name, line in (wrong or {}).items()},
        may_change="programs:write" in call.caller.scopes,
        **settings_bar(speech, PLACEHOLDERS),
    )


def _sentence(speech: Speech, name: str, line: str) -> str:
    """What is wrong with a field; `line` is the first wrong one, nothing where there are too many."""
    if not line:
        return speech.say("At most %(n)s lines, each of letters and figures.", n=MOST_PLACEHOLDERS)
    shown = line[:60]
    return {
        "customer_ids": speech.say("“%(line)s” is too long: at most 200 letters.", line=shown),
        "emails": speech.say("“%(line)s” is no e-mail address.", line=shown),
        "phones": speech.say("“%(line)s” is no phone number: 7 to 15 digits, with the country’s code.", line=shown),
    }[name]
