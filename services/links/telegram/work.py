"""Tasks that speak with Telegram: telling it of a bot, and sending by one, each bot in a lane of its own."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.outbound import Answer, OutboundError
from services.kernel.work import Done, Outcome, Retry, Task, TaskKind
from services.links.mail import sql as messages
from services.links.mail.actions import TASKS
from services.links.mail.sql import Mail, State
from services.links.mail.work import count
from services.links.notices.actions.compose import Text, compose, reader_of
from services.links.notices.actions.dispatch import notify_elsewhere
from services.links.notices.sql import notices
from services.links.people import sql as people
from services.links.preferences import actions as preferences
from services.links.telegram import sql
from services.links.telegram.actions import SETUP, call, hook_secret, hook_url
from services.links.telegram.domain import is_gone, retry_after_s, shortened
from services.links.telegram.sql import Bot

PER_BOT: Final = 10
PATIENCE: Final = timedelta(days=1)
"""So long a message waits for a bot that is asked to wait, before it goes by another channel."""
_log = structlog.get_logger()
Composer = Callable[[Context, Tx, Mail], Any]


async def set_up(ctx: Context, task: Task) -> Outcome:
    """Asks Telegram who the bot is, and tells it where to deliver."""
    bot = await _bot(ctx, task.store_id)
    if bot is None or bot.hook != task.payload["hook"]:
        return Done()
    hook = {
        "url": hook_url(ctx, bot),
        "secret_token": hook_secret(ctx.ring, bot.hook),
        "allowed_updates": ["message", "my_chat_member"],
    }
    try:
        me = await call(ctx, bot, "getMe", {})
        answer = await call(ctx, bot, "setWebhook", hook) if me.ok else me
    except (OutboundError, ValueError) as error:
        return Retry(reason=getattr(error, "reason", "sealed"))
    if answer.status == 429:
        return Retry(reason="telegram_busy", after=timedelta(seconds=retry_after_s(_read(answer))), failed=False)
    if answer.status >= 500:
        return Retry(reason="telegram_busy")
    result = _read(me).get("result")
    username = result.get("username") if isinstance(result, dict) else None
    well = answer.ok and isinstance(username, str) and username.isascii() and username.replace("_", "").isalnum()

    async def note(tx: Tx) -> None:
        if well:
            await sql.set_state(tx, bot, "active", username=str(username))
        else:
            await sql.set_state(tx, bot, "refused", reason=f"telegram_{answer.status}")

    return Done(note=note)


async def send(ctx: Context, task: Task) -> Outcome:
    """Sends one message. Whoever is not there any more is notified by another channel."""
    async with ctx.db.transaction([task.store_id]) as tx:
        mail = await messages.get(tx, task.store_id, str(task.payload["mail_id"]))
        if mail is None or mail.state != "waiting":
            return Done()
        bot = await sql.get(tx, task.store_id)
        reader = None if mail.ambassador_id is None else await reader_of(ctx, tx, mail.store_id, mail.ambassador_id)
        if reader is None or reader.person is None:
            return _ended(mail, "dropped", "nobody")
        text = await compose(ctx, tx, reader, await notices.of_message(tx, mail.store_id, mail.about))
    chat = reader.person.telegram
    if text is None:
        return _ended(mail, "dropped", "nobody")
    if chat is None or bot is None or not chat.startswith(f"{bot.bot_id}:"):
        return _elsewhere(mail, "telegram_disconnected")
    try:
        answer = await call(ctx, bot, "sendMessage", _message(chat.partition(":")[2], text))
    except OutboundError:
        return Retry(reason="telegram_away", hold_lane=True)
    except ValueError:
        return _elsewhere(mail, "telegram_sealed")
    return _outcome(bot, mail, answer, ctx.live.now())


def _outcome(bot: Bot, mail: Mail, answer: Answer, now: datetime) -> Outcome:
    body = _read(answer)
    if answer.ok:
        return _ended(mail, "sent", None)
    if answer.status == 429:
        if now - mail.created_at > PATIENCE:
            return _elsewhere(mail, "telegram_flood", gone=False)
        # It stops the whole bot, and nothing but this bot: mails leave through another lane. To be asked to wait is no
        # failure of this message.
        after = timedelta(seconds=retry_after_s(body))
        return Retry(reason="telegram_flood", after=after, hold_lane=True, failed=False)
    if answer.status >= 500:
        return Retry(reason="telegram_away", hold_lane=True)
    if answer.status in (401, 404):
        return _elsewhere(mail, "telegram_refused", refused=bot)
    if is_gone(answer.status, body):
        return _elsewhere(mail, "telegram_blocked")
    return _elsewhere(mail, f"telegram_{answer.status}")


def _elsewhere(mail: Mail, reason: str, *, refused: Bot | None = None, gone: bool = True) -> Outcome:
    """This way does not lead there, or, if it is `gone`, no more: what was to be sent waits for another channel."""
    who = mail.ambassador_id or ""

    async def note(tx: Tx) -> None:
        if refused is not None:
            await sql.set_state(tx, refused, "refused", reason="telegram_401")
            await people.disconnect_all(tx, mail.store_id)
        if gone:
            await people.connect(tx, mail.store_id, who, None)
            await preferences.prefer(tx, mail.store_id, who, "email")
        await notify_elsewhere(tx, mail, reason)

    count(mail, "refused")
    _log.info("mail.ended", kind=mail.kind, outcome="refused", reason=reason)
    return Done(note=note)


async def send_given_up(tx: Tx, task: Task, reason: str) -> None:
    """Telegram did not take it in all that time: it goes by another channel."""
    mail = await messages.get(tx, task.store_id, str(task.payload["mail_id"]))
    if mail is not None and mail.state == "waiting":
        await notify_elsewhere(tx, mail, reason if reason.startswith("telegram_") else "telegram_away")
        count(mail, "refused")


async def set_up_given_up(tx: Tx, task: Task, reason: str) -> None:
    """Nobody waits for Telegram's word on the bot any more: its token is to be given again."""
    bot = await sql.get(tx, task.store_id)
    if bot is not None and bot.hook == task.payload["hook"] and bot.state == "checking":
        await sql.set_state(tx, bot, "refused", reason="telegram_away")


def _ended(mail: Mail, state: State, reason: str | None) -> Outcome:
    async def note(tx: Tx) -> None:
        await messages.end(tx, mail.store_id, mail.mail_id, state=state, reason=reason)

    count(mail, state)
    _log.info("mail.ended", kind=mail.kind, outcome=state, reason=reason or "")
    return Done(note=note)


def _message(chat_id: str, text: Text) -> dict[str, Any]:
    words = "\n\n".join((*text.paragraphs, f"{text.label}: {text.url}"))
    return {"chat_id": int(chat_id), "text": shortened(words), "link_preview_options": {"is_disabled": True}}


def _read(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


async def _bot(ctx: Context, store_id: str) -> Bot | None:
    async with ctx.db.transaction([store_id]) as tx:
        return await sql.get(tx, store_id)


TASK_KINDS: Final = (
    TaskKind(name=SETUP, run=set_up, given_up=set_up_given_up),
    TaskKind(name=TASKS["telegram"], run=send, per_lane=PER_BOT, given_up=send_given_up),
)
