"""The console's page of SMS: the store's gateway, what may be spent and was, and a try."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from services.kernel.errors import AppError
from services.kernel.http.call import Call, viewer
from services.kernel.http.limits import limit
from services.links.sms_gateways import sql as sql
from services.links.sms_gateways.actions import setup
from services.links.sms_gateways.actions.gateway import Refused, Taken, Verdict, Wait
from services.links.sms_gateways.actions.setup import Reached
from services.links.sms_gateways.actions.trying import try_out
from services.links.sms_gateways.schemas import GatewayIn, report_url
from services.links.sms_gateways.sql import Settings, Spent
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.words import SMS, settings_bar
from services.ui import Chip, Fact, FieldError, Format, Speech

router = APIRouter(include_in_schema=False)

_TEXTS: Final = ("url", "secret", "sender", "prefixes")
_FIGURES: Final = ("most_a_day", "most_a_month", "most_codes_a_day")
_FIELDS: Final = (*_TEXTS, *_FIGURES)
_SEPARATOR: Final = re.compile(r"[\s,;]+")
_USUAL: Final = {"most_a_day": "200", "most_a_month": "3000", "most_codes_a_day": "50"}
_SEEN: Final = 0.8
"""Of a limit: from there on the page says that it is near."""


@router.get(SMS)
async def get_page(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """How the store sends SMS, and what was used."""
    return await _page(request, call)


@router.post(SMS)
async def post_page(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Sets it. An empty secret keeps the one of before."""
    sent = await request.form()
    given = {name: str(sent.get(name, "")).strip()[:2_000] for name in _FIELDS}
    try:
        wanted = GatewayIn.model_validate(
            {
                **{name: given[name] for name in ("url", "sender")},
                "secret": given["secret"] or None,
                "prefixes": [one for one in _SEPARATOR.split(given["prefixes"]) if one],
                **{name: int(given[name]) if given[name].isdecimal() else -1 for name in _FIGURES},
            }
        ).wanted()
    except ValidationError as error:
        wrong = {str(item["loc"][0]) for item in error.errors(include_url=False, include_context=False)}
        return await _page(request, call, given=given, wrong=wrong, status=422)
    try:
        async with call.transaction() as tx:
            await setup.set_up(tx, call.ctx, call.store_id, wanted)
    except AppError as error:
        named = {one.field for one in error.errors} or {"url"}
        return await _page(request, call, given=given, wrong=named, status=422)
    return Response(status_code=303, headers={"location": SMS})


@router.post(f"{SMS}/off")
async def post_off(call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Forgets the gateway."""
    async with call.transaction() as tx:
        await setup.drop(tx, call.store_id)
    return Response(status_code=303, headers={"location": SMS})


@router.post(f"{SMS}/try", dependencies=[limit("sms-tests", per_minute=30)])
async def post_try(
    request: Request,
    call: Annotated[Call, viewer("programs:write")],
    to: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Sends a word to a number of the marketer's own, and shows what the gateway said."""
    try:
        verdict, cost = await try_out(call, to)
    except AppError as error:
        return await _page(request, call, to=to, why=error.errors[0].code if error.errors else error.code, status=422)
    return await _page(request, call, to=to, tried=(verdict, cost))


async def _page(
    request: Request,
    call: Call,
    *,
    given: Mapping[str, str] | None = None,
    wrong: set[str] | None = None,
    to: str = "",
    why: str = "",
    tried: tuple[Verdict, int] | None = None,
    status: int = 200,
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        gateway = await sql.get(tx, call.store_id)
        spent = await setup.spent(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    labels, texts = _labels(speech), _texts(speech)
    errors = {name: texts[name] for name in _FIELDS if name in (wrong or ())}
    form = dict(given) if given else _form(gateway)
    return reader.page(
        "sms_gateways/settings.html",
        status=status,
        title=speech.say("SMS"),
        own=gateway,
        chip=_chip(gateway, speech),
        form=form | {"secret": ""},
        labels=labels,
        wrong=errors,
        summary=[FieldError(name, labels[name], text) for name, text in errors.items()],
        used=[] if gateway is None else _used(gateway, spent, speech, fmt),
        notice="" if gateway is None else _notice(gateway, spent, speech),
        refused=gateway is not None and gateway.state == "refused",
        secret_hint=_secret_hint(gateway, speech),
        report_url="" if gateway is None else report_url(call.ctx.settings.base_url, gateway),
        to=to,
        to_wrong=_try_wrong(why, speech),
        outcome=_outcome(tried, speech, fmt),
        outcome_tone="good" if tried and isinstance(tried[0], Taken) else "bad",
        may_change="programs:write" in call.caller.scopes,
        **settings_bar(speech, SMS),
    )


def _form(gateway: Settings | None) -> dict[str, str]:
    if gateway is None:
        return dict.fromkeys(_TEXTS, "") | _USUAL
    return {
        "url": gateway.url,
        "sender": gateway.sender,
        "prefixes": " ".join(gateway.prefixes),
        **{name: str(getattr(gateway, name)) for name in _FIGURES},
    }


def _labels(speech: Speech) -> dict[str, str]:
    return {
        "url": speech.say("Address of the gateway"),
        "secret": speech.say("Secret"),
        "sender": speech.say("Sender"),
        "prefixes": speech.say("Numbers begin with"),
        "most_a_day": speech.say("Segments a day, at most"),
        "most_a_month": speech.say("Segments a month, at most"),
        "most_codes_a_day": speech.say("Codes to confirm phones a day, at most"),
    }


def _texts(speech: Speech) -> dict[str, str]:
    figure = speech.say("Write a number from 0 to 1,000,000.")
    return {
        "url": speech.say("Give a public https address, as in https://sms.example/kith."),
        "secret": speech.say("A secret is whsec_ and the base64 of 24 to 64 random bytes."),
        "sender": speech.say("At most 11 Latin letters and digits, or a number."),
        "prefixes": speech.say("Write how numbers begin, with a plus, as in +373 +40. Without any, nothing is sent."),
        **dict.fromkeys(_FIGURES, figure),
    }


def _chip(gateway: Settings | None, speech: Speech) -> Chip:
    if gateway is None:
        return Chip(speech.label("chip", "Off"), "neutral", "dash")
    if gateway.state == "refused":
        return Chip(speech.label("chip", "Refused"), "bad", "cross")
    return Chip(speech.label("chip", "On"), "good", "disc")


def _used(gateway: Settings, spent: Spent, speech: Speech, fmt: Format) -> list[Fact]:
    def of(part: int, most: int) -> str:
        return speech.say("%(part)s of %(most)s", part=fmt.number(part), most=fmt.number(most))

    return [
        Fact(speech.say("Segments today"), of(spent.today, gateway.most_a_day)),
        Fact(speech.say("Segments this month"), of(spent.month, gateway.most_a_month)),
    ]


def _notice(gateway: Settings, spent: Spent, speech: Speech) -> str:
    known: dict[Reached, str] = {
        "day": speech.say("The SMS of the day are used up: until tomorrow, people are told by mail."),
        "month": speech.say("The SMS of the month are used up: until the next one, people are told by mail."),
    }
    over = setup.reached(gateway, spent)
    if over is not None:
        return known[over]
    if spent.today >= _SEEN * gateway.most_a_day or spent.month >= _SEEN * gateway.most_a_month:
        return speech.say("The SMS are nearly used up. Beyond the limit, people are told by mail.")
    if not gateway.prefixes:
        return speech.say("No SMS are sent: write how the numbers begin that the store sends to.")
    return ""


def _secret_hint(gateway: Settings | None, speech: Speech) -> str:
    if gateway is None:
        return speech.say("whsec_ and the base64 of 24 to 64 random bytes. It is kept sealed, and never shown.")
    return speech.say(
        "It ends with %(end)s. Empty keeps it; a new one holds beside it for a day.", end=f"…{gateway.secret_end}"
    )


def _try_wrong(why: str, speech: Speech) -> str:
    if not why:
        return ""
    return {
        "not_there": speech.say("The store sends to no such number: add how it begins."),
        "limit_reached": speech.say("The SMS are used up: raise the limit, or wait."),
        "secret_lost": speech.say("The secret cannot be opened any more: give it anew."),
        "not_found": speech.say("Set the gateway up first."),
    }.get(why) or speech.say("Write the number with its country’s code, as in %(example)s.", example="+373 69 123 456")


def _outcome(tried: tuple[Verdict, int] | None, speech: Speech, fmt: Format) -> str:
    if tried is None:
        return ""
    verdict, cost = tried
    match verdict:
        case Taken():
            return speech.count(
                "The gateway took it: %(n)s segment.", "The gateway took it: %(n)s segments.", cost, n=fmt.number(cost)
            )
        case Wait():
            return speech.say("The gateway wants to be left in peace for a while.")
        case Refused(why="unknown_number"):
            return speech.say("The gateway knows of no such number.")
        case Refused(why="opted_out"):
            return speech.say("Whoever has this number wants no SMS.")
        case Refused():
            return speech.say("The gateway refused it with %(status)s.", status=verdict.status)
    return speech.say("The gateway did not answer.")
