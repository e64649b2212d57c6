"""Mails' kinds and outcomes as people read them."""

from services.links.mail.sql import Channel, Mail
from services.ui import Chip, Speech


def kind_text(kind: str, speech: Speech) -> str:
    """What a mail was about."""
    known = {
        "sign_in": speech.say("Signing in"),
        "join": speech.say("Joining"),
        "notice": speech.say("News"),
        "try": speech.say("Words tried"),
        "invite": speech.say("Invitation"),
        "phone_code": speech.say("Code for a phone"),
    }
    return known.get(kind, kind)


def channels(speech: Speech) -> dict[Channel, str]:
    """What channels are called."""
    return {"email": speech.say("E-mail"), "telegram": "Telegram", "sms": speech.say("SMS")}


def chip(mail: Mail, speech: Speech) -> Chip:
    """What became of it."""
    match mail.state:
        case "waiting" if mail.reason == "given_up":
            return Chip(speech.label("chip", "Given up"), "bad", "cross")
        case "waiting":
            return Chip(speech.label("chip", "Waiting"), "neutral", "ring")
        case "sent":
            return Chip(speech.label("chip", "Sent"), "good", "disc")
        case "delivered":
            return Chip(speech.label("chip", "Delivered"), "good", "tick")
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
        "given_up": speech.say("No relay took it for days. An operator can have it tried again"),
    }
    if mail.reason == "telegram_blocked":
        return speech.say("The chat with the bot was ended")
    if mail.reason.startswith("telegram_"):
        return speech.say("Telegram did not take it (%(code)s)", code=mail.reason.removeprefix("telegram_"))
    if mail.reason.startswith("sms_"):
        return _of_sms(mail.reason, speech)
    if mail.reason.startswith("dsn_"):
        return speech.say("It could not be delivered (%(code)s)", code=mail.reason.removeprefix("dsn_"))
    return known.get(mail.reason) or speech.say("The relay answered %(code)s", code=mail.reason.removeprefix("smtp_"))


def _of_sms(reason: str, speech: Speech) -> str:
    known = {
        "sms_ended": speech.say("Whoever has this number wants no SMS"),
        "sms_opted_out": speech.say("Whoever has this number wants no SMS"),
        "sms_unknown_number": speech.say("The gateway knows of no such number"),
        "sms_failed": speech.say("It could not be delivered"),
        "sms_limit_day": speech.say("The store’s SMS of the day were used up"),
        "sms_limit_month": speech.say("The store’s SMS of the month were used up"),
        "sms_off": speech.say("The store sends no SMS"),
        "sms_prefix": speech.say("The store sends no SMS to this country"),
        "sms_away": speech.say("The gateway did not answer for a day"),
        "sms_busy": speech.say("The gateway did not answer for a day"),
    }
    code = reason.removeprefix("sms_")
    return known.get(reason) or speech.say("The gateway did not take it (%(code)s)", code=code)
