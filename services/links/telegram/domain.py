"""What Telegram sends and takes, as far as we read it (Bot API). Pure."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

LONGEST: Final = 4096
"""Letters of one message."""
TOKEN: Final = re.compile(r"(\d{5,20}):[A-Za-z0-9_-]{30,64}", re.ASCII)
PAGE: Final = "page"
"""What the sign-in page's link says behind `?start=`: no token, which is longer."""
_COMMAND: Final = re.compile(r"/([a-z]{1,32})(?:@\w{1,64})?(?:\s+(\S{1,64}))?\s*", re.ASCII)
_START: Final = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)

Command = Literal["start", "balance", "share", "page", "stop", "blocked", "else"]
_COMMANDS: Final = ("balance", "share", "page", "stop")


@dataclass(frozen=True, slots=True)
class Update:
    """What somebody said to the bot, in a chat with it alone."""

    chat_id: str
    command: Command
    argument: str
    language: str


def read(update: Any) -> Update | None:
    """An update of Telegram; None for what a bot like ours leaves alone: groups, channels, edits."""
    if not isinstance(update, dict):
        return None
    member = update.get("my_chat_member")
    if isinstance(member, dict):
        status = _inner(member, "new_chat_member", "status")
        chat = _private_chat(member)
        return Update(chat, "blocked", "", "") if chat and status in ("kicked", "left") else None
    message = update.get("message")
    chat = _private_chat(message) if isinstance(message, dict) else ""
    if not chat or not isinstance(message, dict):
        return None
    text = message.get("text")
    language = _inner(message, "from", "language_code")
    spoken = language[:2] if isinstance(language, str) else ""
    match = _COMMAND.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 200 else None
    if match is None:
        return Update(chat, "else", "", spoken)
    name, argument = match[1], match[2] or ""
    if name == "start" and argument == PAGE:
        return Update(chat, "page", "", spoken)
    if name == "start":
        return Update(chat, "start", argument if _START.fullmatch(argument) else "", spoken)
    return Update(chat, name if name in _COMMANDS else "else", "", spoken)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Hook:
    """Where Telegram delivers what people say to a bot, and how it went lately."""

    url: str
    waiting: int
    failure: str


def hook_of(body: bytes) -> Hook | None:
    """What `getWebhookInfo` answered; None for what is no such answer."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict):
        return None
    url, waiting, failure = (result.get(name) for name in ("url", "pending_update_count", "last_error_message"))
    return Hook(
        url if isinstance(url, str) else "",
        waiting if isinstance(waiting, int) else 0,
        # Telegram goes on saying what failed last, also when all has been delivered since.
        failure[:300] if isinstance(failure, str) and waiting else "",
    )


def bot_id_of(token: str) -> str | None:
    """The bot's number, with which its token begins; None for what is no token."""
    match = TOKEN.fullmatch(token)
    return match[1] if match else None


def retry_after_s(answer: Any) -> int:
    """How long Telegram wants to be left in peace, in seconds, where it says so."""
    found = _inner(answer, "parameters", "retry_after") if isinstance(answer, dict) else None
    return min(max(found, 1), 86_400) if isinstance(found, int) else 30


def is_gone(status: int, answer: Any) -> bool:
    """Whether nobody is in this chat any more: they blocked the bot, were deactivated, or the chat is no more."""
    description = str(answer.get("description", "")).lower() if isinstance(answer, dict) else ""
    return status == 403 or (status == 400 and "chat not found" in description)


def shortened(text: str) -> str:
    """At most as long as a message may be."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _private_chat(holder: dict[str, Any]) -> str:
    chat = holder.get("chat")
    if not isinstance(chat, dict) or chat.get("type") != "private":
        return ""
    ident = chat.get("id")
    return str(ident) if isinstance(ident, int) and not isinstance(ident, bool) and 0 < ident < 2**53 else ""


def _inner(holder: dict[str, Any], name: str, field: str) -> Any:
    inner = holder.get(name)
    return inner.get(field) if isinstance(inner, dict) else None
