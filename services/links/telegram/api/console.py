"""The console's page of a store's Telegram bot: connected by its token, asked of, and forgotten."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response

from services.kernel.errors import AppError
from services.kernel.http.call import Call, viewer
from services.kernel.http.limits import limit
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.words import TELEGRAM, settings_bar
from services.links.telegram import actions, sql
from services.links.telegram.actions import Tried
from services.links.telegram.sql import Bot
from services.ui import Chip, FieldError, Format, Speech

router = APIRouter(include_in_schema=False)

_LONGEST: Final = 200


@router.get(TELEGRAM)
async def get_page(request: Request, call: Annotated[Call, viewer("programs:read")], lang: str = "") -> Response:
    """The store's bot, and whether Telegram knows it."""
    return await _page(request, call)


@router.post(TELEGRAM)
async def post_page(
    request: Request, call: Annotated[Call, viewer("programs:write")], token: Annotated[str, Form()] = ""
) -> Response:
    """Connects a bot, in place of the former one."""
    try:
        async with call.transaction() as tx:
            await actions.set_up(tx, call.ctx.require_sealing(), call.store_id, token.strip()[:_LONGEST])
    except AppError as error:
        if not error.errors:
            raise
        return await _page(request, call, wrong=True, status=422)
    return Response(status_code=303, headers={"location": TELEGRAM})


@router.post(f"{TELEGRAM}/off")
async def post_off(call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Forgets the bot; nothing where it is forgotten already."""
    async with call.transaction() as tx:
        if await sql.get(tx, call.store_id) is not None:
            await actions.drop(tx, call.store_id)
    return Response(status_code=303, headers={"location": TELEGRAM})


@router.post(f"{TELEGRAM}/try", dependencies=[limit("telegram-tests", per_minute=30)])
async def post_try(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Asks Telegram of the bot, and shows what it said."""
    async with call.transaction() as tx:
        bot = await sql.get(tx, call.store_id)
    if bot is None:
        return Response(status_code=303, headers={"location": TELEGRAM})
    return await _page(request, call, tried=await actions.try_out(call.ctx, bot))


async def _page(
    request: Request, call: Call, *, wrong: bool = False, tried: Tried | None = None, status: int = 200
) -> Response:
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        bot = await sql.get(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    speech = reader.speech
    error = speech.say("This is no bot’s token: BotFather gives it, as 123456789:AA….") if wrong else ""
    label = speech.say("Token of the bot")
    return reader.page(
        "telegram/settings.html",
        status=status,
        title=speech.say("Telegram"),
        bot=bot,
        chip=_chip(bot, speech),
        token_label=label,
        error=error,
        summary=[FieldError("token", label, error)] if error else [],
        hint=_hint(call, bot, speech),
        notice="" if bot is None else _notice(bot, speech),
        outcome="" if tried is None else _outcome(tried, speech, reader.fmt),
        outcome_tone="good" if tried and tried.found == "well" and not tried.failure else "warn",
        may_change="programs:write" in call.caller.scopes,
        **settings_bar(speech, TELEGRAM),
    )


def _chip(bot: Bot | None, speech: Speech) -> Chip:
    if bot is None:
        return Chip(speech.label("chip", "Off"), "neutral", "dash")
    if bot.state == "refused":
        return Chip(speech.label("chip", "Refused"), "bad", "cross")
    if bot.state == "checking":
        return Chip(speech.label("chip", "Asking"), "neutral", "ring")
    return Chip(speech.label("chip", "On"), "good", "disc")


def _hint(call: Call, bot: Bot | None, speech: Speech) -> str:
    if bot is None:
        return speech.say("As 123456789:AA…. It is kept sealed; only its end is shown.")
    masked = f"{bot.bot_id}:…{actions.token_end(call.ctx.require_sealing(), bot)}"
    return speech.say("Now %(masked)s. Give a new one where BotFather made one, or for another bot.", masked=masked)


def _notice(bot: Bot, speech: Speech) -> str:
    if bot.state == "checking":
        return speech.say("Telegram is being asked who this bot is. Load the page again in a moment.")
    if bot.state != "refused":
        return ""
    if bot.reason == "telegram_away":
        return speech.say("Telegram could not be reached for long: people are told by mail. Give the token again.")
    return speech.say("Telegram does not take this token: people are told by mail. Give the one that holds now.")


def _outcome(tried: Tried, speech: Speech, fmt: Format) -> str:
    if tried.found == "well" and tried.failure:
        failed = speech.say("Telegram knows the bot, but a delivery to Kith failed: %(why)s", why=tried.failure)
        waiting = speech.count(
            "%(n)s message waits there.", "%(n)s messages wait there.", tried.waiting, n=fmt.number(tried.waiting)
        )
        return f"{failed} {waiting}"
    return {
        "well": speech.say("Telegram knows the bot and delivers to Kith."),
        "elsewhere": speech.say("Telegram delivers to another program: give the token again, and it comes here."),
        "busy": speech.say("Telegram wants to be left in peace for a while."),
        "refused": speech.say("Telegram does not take this token any more: give the one that holds now."),
        "away": speech.say("Telegram did not answer."),
        "sealed": speech.say("The token cannot be opened any more: give it anew."),
    }[tried.found]
