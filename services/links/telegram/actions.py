"""Setting a bot up, and connecting an ambassador with their chat."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final

from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.auth.sessions import real_time
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.work import NewTask, add_tasks
from services.links.people import sql as people
from services.links.preferences import actions as preferences
from services.links.telegram import domain, sql
from services.links.telegram.sql import Bot

SETUP: Final = "links.telegram_setup"
PURPOSE: Final = "telegram"
START_LIFE: Final = timedelta(minutes=15)
_HOOK: Final = "telegram-hook"


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
    """Whoever is in this chat is told nothing by it any more."""
    for ambassador_id in await people.connected(tx, bot.store_id, address(bot, chat_id)):
        await people.connect(tx, bot.store_id, ambassador_id, None)
        await preferences.prefer(tx, bot.store_id, ambassador_id, "email")


def address(bot: Bot, chat_id: str) -> str:
    """How a chat with a bot is kept: by both numbers."""
    return f"{bot.bot_id}:{chat_id}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
