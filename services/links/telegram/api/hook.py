"""Where Telegram delivers what people say to a bot. What the bot says to it stands in the answer: no call goes out."""

import json
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from services.kernel.auth.principal import Principal
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit, limiter_of
from services.links.activity import sql as activity
from services.links.ambassadors import actions as members
from services.links.entries import actions as entries
from services.links.landing.domain.words import share_text
from services.links.notices import words
from services.links.notices.actions.compose import Reader, reader_of
from services.links.notices.sql import rewards
from services.links.pages import PAGES
from services.links.people import sql as people
from services.links.programs import actions as programs
from services.links.telegram import actions, domain, sql
from services.links.telegram.domain import Update
from services.links.telegram.sql import Bot
from services.ui import LANGUAGES, Speech

router = APIRouter(include_in_schema=False)
PAGES_A_MINUTE: Final = 3
"""Addresses of a page for one chat."""
_SECRET = "x-telegram-bot-api-secret-token"  # noqa: S105  # a header's name


@router.post("/v1/telegram/{hook}", dependencies=[limit("telegram", per_minute=600)])
async def post_update(hook: str, request: Request) -> Response:
    """Takes an update. Whoever does not send the bot's secret learns nothing, not even whether there is a bot."""
    ctx: Context = request.scope[CONTEXT]
    if not actions.is_hook_secret(ctx.ring, hook, request.headers.get(_SECRET, "")):
        raise NotFound("Nothing is at this address.")
    try:
        update = domain.read(json.loads(await request.body()))
    except (ValueError, RecursionError):
        update = None
    if update is None:
        return JSONResponse({})
    async with ctx.db.transaction() as tx:
        store_id = await sql.store_of(tx, hook)
    if store_id is None:
        return JSONResponse({})
    async with ctx.db.transaction([store_id]) as tx:
        bot = await sql.get(tx, store_id)
        answer = None if bot is None else await _answer(ctx, request, tx, bot, update)
    return JSONResponse({} if answer is None else _message(update, answer))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the bot says, and the buttons that it shows: below the text, or in the place of the letters."""

    text: str
    buttons: dict[str, Any] | None = None


_BUTTONS: Final = {"keyboard": [[{"text": "/page"}, {"text": "/balance"}, {"text": "/share"}]], "resize_keyboard": True}
_NO_BUTTONS: Final = {"remove_keyboard": True}


def _message(update: Update, answer: _Answer) -> dict[str, Any]:
    message = {
        "method": "sendMessage",
        "chat_id": int(update.chat_id),
        "text": domain.shortened(answer.text),
        "link_preview_options": {"is_disabled": True},
    }
    return message if answer.buttons is None else message | {"reply_markup": answer.buttons}


async def _answer(ctx: Context, request: Request, tx: Tx, bot: Bot, update: Update) -> _Answer | None:
    if update.command == "blocked":
        await actions.disconnect(tx, bot, update.chat_id)
        return None
    if update.command == "start" and update.argument:
        await actions.connect(tx, bot, update.chat_id, update.argument)
    known = await people.connected(tx, bot.store_id, actions.address(bot, update.chat_id))
    reader = await reader_of(ctx, tx, bot.store_id, known[-1]) if known else None
    if reader is None:
        speech = PAGES.speech(update.language if update.language in LANGUAGES else "en")
        text = speech.say("Open your page at the store and choose Telegram there: it leads back here and connects you.")
        return _Answer(text)
    if update.command == "stop":
        tx.actor = Principal("ambassador", known[-1])
        await actions.disconnect(tx, bot, update.chat_id)
        text = reader.speech.say("You get no more messages here. Your page at the store connects you again.")
        return _Answer(text, _NO_BUTTONS)
    if update.command == "page":
        return await _page(ctx, request, tx, reader, update.chat_id)
    if update.command == "balance":
        return _Answer(await _balance(tx, reader, known[-1]), _BUTTONS)
    if update.command == "share":
        await activity.shared(tx, bot.store_id, known[-1])
        return _Answer(await _share(tx, reader, known[-1]), _BUTTONS)
    return _Answer(_help(reader.speech, reader.store.name, connected=update.command == "start"), _BUTTONS)


async def _page(ctx: Context, request: Request, tx: Tx, reader: Reader, chat_id: str) -> _Answer:
    """The address that signs in whoever is in this chat. Looking at it, as Telegram does, uses nothing up."""
    say, person = reader.speech.say, reader.person
    if person is None or person.status != "active":
        return _Answer(say("Sharing is paused for this account. Write to the store if you think this is a mistake."))
    limiter = limiter_of(request.scope, "telegram-page", per_minute=PAGES_A_MINUTE)
    if not limiter.take(f"{person.store_id} {chat_id}").allowed:
        return _Answer(say("You have asked for your page a moment ago. Open it there, or ask again in a minute."))
    tx.actor = Principal("ambassador", person.ambassador_id)
    entry = await entries.make_entry(tx, person.store_id, person.ambassador_id, way="telegram")
    text = say(
        "This opens your page at %(store)s, once, within five minutes. Keep it to yourself.", store=reader.store.name
    )
    opener = {"text": reader.speech.label("button", "Open my page"), "url": entries.address_of(ctx, entry)}
    return _Answer(text, {"inline_keyboard": [[opener]]})


async def _balance(tx: Tx, reader: Reader, ambassador_id: str) -> str:
    """What rewards have last reported: what can be used, and what waits."""
    speech, fmt = reader.speech, reader.fmt
    every = await rewards.of_person(tx, reader.store.store_id, ambassador_id)
    usable = [one for one in every if one.status == "available"]
    coming = [one for one in every if one.status in ("pending", "approved")]
    if not usable and not coming:
        return speech.say("No rewards yet. Share your link: %(link)s", link=reader.values["link"])
    parts = []
    if usable:
        parts.append(speech.say("You can use: %(what)s.", what=words.total(usable, speech, fmt)))
    if coming:
        parts.append(speech.say("Still waiting: %(what)s.", what=words.total(coming, speech, fmt)))
    return "\n".join([*parts, reader.values["page"]])


async def _share(tx: Tx, reader: Reader, ambassador_id: str) -> str:
    say, values, store = reader.speech.say, reader.values, reader.store
    member = await members.get(tx, store.store_id, ambassador_id)
    version = await programs.get(tx, store.store_id, member.ambassador.program_id)
    text = share_text(
        version.offered,
        store=store.name,
        code=values.get("code"),
        language=reader.speech.language,
        speech=reader.speech,
        fmt=reader.fmt,
    )
    parts = (say("Forward this message to friends:"), "", text, f"{values['link']}?ch=telegram")
    return "\n".join((*parts, values["code"]) if "code" in values else parts)


def _help(speech: Speech, store: str, *, connected: bool) -> str:
    first = speech.say("Connected: %(store)s tells you here what becomes of your friends’ orders.", store=store)
    commands = speech.say(
        "/page: your page. /balance: your rewards. /share: your link, to be forwarded. /stop: no more messages."
    )
    return f"{first}\n{commands}" if connected else commands
