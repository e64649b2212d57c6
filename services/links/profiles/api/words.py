"""What happened to an ambassador, in words for whoever runs the program."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from markupsafe import Markup

from services.common.audit import action_text
from services.common.reasons import reason_text
from services.links.notices import words as notice_words
from services.links.notices.sql.notices import Notice
from services.links.people.sql import Ambassador
from services.links.profiles.sql import Done, Double
from services.ui import Happening, Reader, Speech

_ORDERS = "/console/attribution/orders/"
_REWARDS = "/console/rewards/rewards/"


def common_of(double: Double, speech: Speech) -> str:
    """What two ambassadors have in common."""
    common = [
        text
        for has, text in (
            (double.mail, speech.say("the same e-mail address")),
            (double.phone, speech.say("the same phone number")),
            (double.chat, speech.say("the same Telegram chat")),
        )
        if has
    ]
    return ", ".join(common or [speech.say("the same name")])


def timeline(
    person: Ambassador, notices: Sequence[Notice], done: Sequence[Done], reader: Reader, *, count: int
) -> list[Happening]:
    """What happened lately, the newest first: joining, friends, orders, rewards, answers, and what staff did."""
    speech, fmt = reader.speech, reader.fmt
    found: list[tuple[datetime, Happening]] = []
    for notice in notices:
        text = _notice_text(notice, speech)
        if text:
            at = notice.happened_at
            found.append((at, Happening(text, fmt.moment(at), below=_how_notified(notice, speech))))
    found += [
        (one.at, Happening(action_text(one.action, speech), fmt.moment(one.at), below=_by(one.actor_kind, speech)))
        for one in done
        if one.action != "ambassador.added"
    ]
    found.append((person.created_at, Happening(speech.say("Joined"), fmt.moment(person.created_at))))
    found.sort(key=lambda item: item[0], reverse=True)
    return [one for _, one in found[:count]]


def _notice_text(notice: Notice, speech: Speech) -> str | Markup:
    """What a notice is about; "" for what stands here already, or is of a newer build."""
    facts = notice.facts
    match notice.occasion:
        case "clicked":
            return speech.say("A friend opened their link for the first time")
        case "attributed":
            return _linked(speech.say("Order %(id)s counts as theirs", id=notice.subject), _ORDERS, notice.subject)
        case "waiting" | "rejected":
            order, reason = notice.subject, reason_text(str(facts.get("reason", "")), speech)
            if notice.occasion == "waiting":
                text = speech.say("Order %(id)s waits: %(reason)s", id=order, reason=reason)
            else:
                text = speech.say("Order %(id)s does not count: %(reason)s", id=order, reason=reason)
            return _linked(text, _ORDERS, order)
        case "available" | "earned":
            return _linked(speech.say("A reward became available"), _REWARDS, notice.subject)
        case "goodwill":
            return _linked(speech.say("Goodwill was given to them"), _REWARDS, notice.subject)
        case "took_back":
            reason = notice_words.reason(str(facts["reason"]), speech)
            text = speech.say("A reward became smaller: %(reason)s", reason=reason)
            return _linked(text, _REWARDS, str(facts["reward_id"]))
        case "balance_expiring":
            return speech.say("They were told that some of their balance expires")
        case "redemption_fulfilled":
            return speech.say("What they redeemed was sent or done: %(item)s", item=str(facts["item"]))
        case "redemption_cancelled":
            return speech.say("What they redeemed came to nothing: %(item)s", item=str(facts["item"]))
        case "redemption_returned":
            return speech.say("What they had redeemed came back: %(item)s", item=str(facts["item"]))
        case "tier_reached" | "tier_left":
            names = [str(facts[name] or speech.say("none")) for name in ("before", "tier")]
            return speech.say("Their tier changed: %(before)s → %(tier)s", before=names[0], tier=names[1])
        case "appeal_answered":
            return speech.say("An appeal of theirs was answered")
        case "destination_changed":
            return speech.say("Where their money goes has changed")
        case "terms_changed":
            return speech.say("New terms, version %(version)s", version=str(facts["version"]))
        case "announcement":
            return speech.say("An announcement")
    return ""


def _linked(text: str, base: str, ident: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(base + quote(ident, safe=""), text)


def _how_notified(notice: Notice, speech: Speech) -> str:
    if notice.state == "waiting":
        return speech.say("they will be told soon")
    return "" if notice.message_id else speech.say("they read it on their page")


def _by(kind: str, speech: Speech) -> str:
    return {
        "key": speech.say("by the store’s server"),
        "operator": speech.say("by the operator"),
        "member": speech.say("at the console"),
        "ambassador": speech.say("by themselves"),
    }.get(kind, "")
