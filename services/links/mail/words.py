"""Mails' kinds and outcomes as people read them."""

from services.links.mail.sql import Mail
from services.ui import Chip, Speech


def kind_text(kind: str, speech: Speech) -> str:
    """What a mail was about."""
    known = {
        "sign_in": speech.say("Signing in"),
        "join": speech.say("Joining"),
        "notice": speech.say("News"),
        "try": speech.say("Words tried"),
        "invite": speech.say("Invitation"),
    }
    return known.get(kind, kind)


def chip(mail: Mail, speech: Speech) -> Chip:
    """What became of it."""
    match mail.state:
        case "waiting":
            return Chip(speech.label("chip", "Waiting"), "neutral", "ring")
        case "sent":
            return Chip(speech.label("chip", "Sent"), "good", "disc")
        case "kept":
            return Chip(speech.label("chip", "In mailbox"), "good", "half")
        case "refused":
            return Chip(speech.label("chip", "Refused"), "bad", "cross")
        case "bounced":
            return Chip(speech.label("chip", "Came back"), "bad", "back")
        case "dropped":
            return Chip(speech.label("chip", "Not sent"), "neutral", "dash")


def reason_text(mail: Mail, speech: Speech) -> str:
    """Why it was not sent."""
    if mail.reason is None:
        return ""
    known = {
        "nobody": speech.say("Nobody has this address, or the mail’s time was over"),
        "no_address": speech.say("No mail can be sent to this address"),
        "no_relay": speech.say("Nothing sends mails here"),
        "unsubscribed": speech.say("Whoever has this address wants no such mails"),
        "complained": speech.say("Whoever has this address wants no such mails"),
        "bounced": speech.say("Mails to this address came back"),
        "again": speech.say("It came back once, and was sent again"),
        "complaint": speech.say("Its reader calls it unwanted"),
        "bounce": speech.say("It could not be delivered"),
    }
    if mail.reason == "telegram_blocked":
        return speech.say("The chat with the bot was ended")
    if mail.reason.startswith("telegram_"):
        return speech.say("Telegram did not take it (%(code)s)", code=mail.reason.removeprefix("telegram_"))
    if mail.reason.startswith("dsn_"):
        return speech.say("It could not be delivered (%(code)s)", code=mail.reason.removeprefix("dsn_"))
    return known.get(mail.reason) or speech.say("The relay answered %(code)s", code=mail.reason.removeprefix("smtp_"))
