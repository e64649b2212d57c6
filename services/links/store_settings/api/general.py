"""The console's page of a store's name, language and time zone, and the currency that it keeps."""

from collections.abc import Collection, Mapping
from typing import Annotated

from babel.core import Locale
from babel.numbers import get_currency_name
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.kernel.http.call import Call, viewer
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.domain import zone_names
from services.links.stores.schemas import StorePatch
from services.links.stores.words import SETTINGS, settings_bar
from services.ui import LANGUAGES, Choice, FieldError

router = APIRouter(include_in_schema=False)

_FIELDS = ("name", "locale", "timezone")


@router.get(SETTINGS)
async def get_page(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """What the store is called, and how it speaks and counts days."""
    return await _page(request, call)


@router.post(SETTINGS)
async def post_page(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Changes them."""
    sent = await request.form()
    given = {name: str(sent.get(name, "")).strip()[:300] for name in _FIELDS}
    try:
        wanted = StorePatch.model_validate(given)
    except ValidationError as error:
        wrong = {str(item["loc"][0]) for item in error.errors(include_url=False, include_context=False)}
        return await _page(request, call, given=given, wrong=wrong, status=422)
    async with call.transaction() as tx:
        await stores.change(tx, call.store_id, name=wanted.name, timezone=wanted.timezone, locale=wanted.locale)
    return Response(status_code=303, headers={"location": SETTINGS})


async def _page(
    request: Request,
    call: Call,
    *,
    given: Mapping[str, str] | None = None,
    wrong: Collection[str] = (),
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    shown = given or {"name": own.name, "locale": own.locale, "timezone": own.timezone}
    labels = {"name": speech.say("Name"), "locale": speech.say("Language"), "timezone": speech.say("Time zone")}
    texts = {
        "name": speech.say("Write what people call the store: 1 to 120 letters."),
        "locale": speech.say("Choose a language."),
        "timezone": speech.say("Choose a time zone of the list, such as Europe/Chisinau."),
    }
    return reader.page(
        "store_settings/general.html",
        status=status,
        title=speech.say("General"),
        form=shown,
        labels=labels,
        wrong={name: texts[name] for name in _FIELDS if name in wrong},
        summary=[FieldError(name, labels[name], texts[name]) for name in _FIELDS if name in wrong],
        languages=_languages(shown["locale"]),
        zones=zone_names(),
        currency=f"{own.currency} · {get_currency_name(own.currency, locale=Locale(reader.fmt.language))}",
        own=own,
        created=reader.fmt.date(own.created_at, year=True),
        may_change="programs:write" in call.caller.scopes,
        **settings_bar(speech, SETTINGS),
    )


def _languages(current: str) -> list[Choice]:
    """Those that pages and mails are in. A store whose language has a region keeps it until another is chosen."""
    chosen = current[:2]
    return [
        Choice(name, value=current if code == chosen else code, current=code == chosen)
        for code, name in LANGUAGES.items()
    ] + ([] if chosen in LANGUAGES else [Choice(current, value=current, current=True)])
