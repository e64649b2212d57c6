"""Where Telegram delivers what people say to a bot. What the bot says to it stands in the answer: no call goes out."""

import json
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from services.kernel.auth.principal import Principal
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import NotFound
from services.kernel.http.call import CONTEXT
from services.kernel.http.limits import limit
from services.links.activity import sql as activity
from services.links.ambassadors import actions as members
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
        said = "" if bot is None else await _answer(ctx, tx, bot, update)
    return JSONResponse(_says(update, said) if said else {})


def _says(update: Update, text: str) -> dict[str, Any]:
    return {
        "method": "sendMessage",
        "chat_id": int(update.chat_id),
        "text": domain.shortened(text),
        "link_preview_options": {"is_disabled": True},
    }


async def _answer(ctx: Context, tx: Tx, bot: Bot, update: Update) -> str:
    if update.said == "blocked":
        await actions.disconnect(tx, bot, update.chat_id)
        return ""
    if update.said == "start" and update.argument:
        await actions.connect(tx, bot, update.chat_id, update.argument)
    known = await people.connected(tx, bot.store_id, actions.address(bot, update.chat_id))
    reader = await reader_of(ctx, tx, bot.store_id, known[-1]) if known else None
    if reader is None:
        speech = PAGES.speech(update.language if update.language in LANGUAGES else "en")
        return speech.say("Open your page at the store and choose Telegram there: it leads back here and connects you.")
    if update.said == "stop":
        tx.actor = Principal("ambassador", known[-1])
        await actions.disconnect(tx, bot, update.chat_id)
        return reader.speech.say("You get no more messages here. Your page at the store connects you again.")
    if update.said == "balance":
        return await _balance(tx, reader, known[-1])
    if update.said == "share":
        await activity.shared(tx, bot.store_id, known[-1])
        return await _share(tx, reader, known[-1])
    return _help(reader.speech, reader.store.name, connected=update.said == "start")


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
        version.program,
        store=store.name,
        code=values["code"],
        language=reader.speech.language,
        speech=reader.speech,
        fmt=reader.fmt,
    )
    return "\n".join(
        (
            say("Forward this message to friends:"),
            "",
            text,
            f"{values['link']}?ch=telegram",
            values["code"],
        )
    )


def _help(speech: Speech, store: str, *, connected: bool) -> str:
    first = speech.say("Connected: %(store)s tells you here what becomes of your friends’ orders.", store=store)
    commands = speech.say("/balance: your rewards. /share: your link, to be forwarded. /stop: no more messages.")
    return f"{first}\n{commands}" if connected else commands
