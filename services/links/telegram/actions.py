"""Setting a bot up, asking Telegram of it, and connecting an ambassador with their chat."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import orjson

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.auth.sessions import real_time
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.outbound import Answer, OutboundError
from services.kernel.work import NewTask, add_tasks
from services.links.people import sql as people
from services.links.preferences import actions as preferences
from services.links.settings import LinksSettings
from services.links.telegram import domain, sql
from services.links.telegram.sql import Bot

SETUP: Final = "links.telegram_setup"
PURPOSE: Final = "telegram"
START_LIFE: Final = timedelta(minutes=15)
_HOOK: Final = "telegram-hook"
_SHOWN: Final = 4
"""Of a token, so many signs at its end tell it from another."""

Found = Literal["well", "elsewhere", "busy", "refused", "away", "sealed"]


@dataclass(frozen=True, slots=True)
class Tried:
    """What Telegram says of a bot now. `waiting` is how many messages of people it has not delivered yet, `failure` its
    own words on the last delivery that failed.
    """

    found: Found
    waiting: int = 0
    failure: str = ""


async def set_up(tx: Tx, sealing: Sealing, store_id: str, token: str) -> Bot:
    """Keeps a store's bot and has Telegram told where to deliver. Raises `Invalid`.

    With another bot nobody is connected any more: people speak with one bot, not with a store.
    """
    bot_id = domain.bot_id_of(token)
    if bot_id is None:
        raise Invalid.field("token", "This is no bot's token: BotFather gives it, as 123456789:AA….")
    before = await sql.get(tx, store_id)
    if before is not None and before.bot_id != bot_id:
        await people.disconnect_all(tx, store_id)
    hook = secrets.token_hex(16)
    sealed = sealing.seal(PURPOSE, token.encode(), owner=store_id)
    await sql.put(tx, store_id, bot_id=bot_id, hook=hook, sealed_token=sealed)
    task = NewTask(kind=SETUP, store_id=store_id, lane=store_id, key=hook, payload={"hook": hook})
    await add_tasks(tx, [task])
    tx.note("bot.connected", on=bot_id)
    return await get(tx, store_id)


async def get(tx: Tx, store_id: str) -> Bot:
    """A store's bot. Raises `NotFound`."""
    bot = await sql.get(tx, store_id)
    if bot is None:
        raise NotFound("The store has no Telegram bot.")
    return bot


async def drop(tx: Tx, store_id: str) -> None:
    """Forgets a store's bot, and who is connected with it. Raises `NotFound`."""
    bot = await get(tx, store_id)
    await sql.delete(tx, store_id)
    await people.disconnect_all(tx, store_id)
    tx.note("bot.disconnected", on=bot.bot_id)


def token_of(sealing: Sealing, bot: Bot) -> str:
    """The bot's token. Raises `ValueError` where its key is gone."""
    return sealing.open(PURPOSE, bot.sealed_token, owner=bot.store_id).decode()


def token_end(sealing: Sealing, bot: Bot) -> str:
    """The end of the bot's token, by which its owner knows it; nothing where its key is gone."""
    try:
        return token_of(sealing, bot)[-_SHOWN:]
    except ValueError:
        return ""


def hook_url(ctx: Context, bot: Bot) -> str:
    """Where Telegram delivers."""
    return f"{ctx.settings.base_url}/v1/telegram/{bot.hook}"


async def call(ctx: Context, bot: Bot, method: str, body: Mapping[str, Any]) -> Answer:
    """One call of the Bot API. Raises `OutboundError`, and `ValueError` where the token cannot be opened."""
    url = f"{LinksSettings().telegram_url}/bot{token_of(ctx.require_sealing(), bot)}/{method}"
    headers = {"content-type": "application/json"}
    return await ctx.outbound.send("POST", url, purpose="telegram", headers=headers, content=orjson.dumps(dict(body)))


async def try_out(ctx: Context, bot: Bot) -> Tried:
    """Asks Telegram whether it knows the bot and delivers to us. It changes nothing, and nobody gets a message."""
    try:
        answer = await call(ctx, bot, "getWebhookInfo", {})
    except OutboundError:
        return Tried("away")
    except ValueError:
        return Tried("sealed")
    if answer.status == 429:
        return Tried("busy")
    if answer.status >= 500:
        return Tried("away")
    hook = domain.hook_of(answer.body) if answer.ok else None
    if hook is None:
        return Tried("refused")
    return Tried("well" if hook.url == hook_url(ctx, bot) else "elsewhere", hook.waiting, hook.failure)


def hook_secret(ring: KeyRing, hook: str) -> str:
    """What Telegram sends with each delivery, so that nobody else can."""
    kid, tag = ring.tag(_HOOK, hook.encode())
    return f"{kid}_{tag.hex()}"


def is_hook_secret(ring: KeyRing, hook: str, sent: str) -> bool:
    """Whether a delivery is Telegram's; in constant time."""
    kid, _, tag = sent.partition("_")
    try:
        wanted = ring.tag_by(kid, _HOOK, hook.encode()).hex()
    except KeyError:
        return False
    return hmac.compare_digest(wanted.encode(), tag.encode("utf-8", "replace"))


async def start_url(tx: Tx, store_id: str, ambassador_id: str) -> str:
    """The address that opens the bot in Telegram and connects whoever opens it, once, within a quarter of an hour.
    Raises `Conflict` for a store without a bot.
    """
    bot = await sql.get(tx, store_id)
    if bot is None or bot.state != "active" or bot.username is None:
        raise Conflict("The store has no Telegram bot.", code="no_bot")
    token = secrets.token_urlsafe(32)
    await sql.add_start(
        tx,
        store_id,
        token_hash=_hash(token),
        ambassador_id=ambassador_id,
        expires_at=real_time(START_LIFE),
    )
    return f"https://t.me/{bot.username}?start={token}"


async def connect(tx: Tx, bot: Bot, chat_id: str, token: str) -> str | None:
    """Connects a chat with the ambassador who asked for the token; None where it is used, over, or nobody's."""
    ambassador_id = await sql.use_start(tx, bot.store_id, _hash(token))
    if ambassador_id is None:
        return None
    person = await people.get(tx, bot.store_id, ambassador_id, lock=True)
    if person is None or person.status == "erased":
        return None
    await people.connect(tx, bot.store_id, ambassador_id, address(bot, chat_id))
    await preferences.prefer(tx, bot.store_id, ambassador_id, "telegram")
    return ambassador_id


async def disconnect(tx: Tx, bot: Bot, chat_id: str) -> None:
    """Whoever is in this chat is sent nothing by it any more."""
    for ambassador_id in await people.connected(tx, bot.store_id, address(bot, chat_id)):
        await people.connect(tx, bot.store_id, ambassador_id, None)
        await preferences.prefer(tx, bot.store_id, ambassador_id, "email")


def address(bot: Bot, chat_id: str) -> str:
    """How a chat with a bot is kept: by both numbers."""
    return f"{bot.bot_id}:{chat_id}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
