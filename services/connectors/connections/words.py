"""States and reasons of deliveries in words."""

from services.connectors.inbox.domain import Outcome
from services.connectors.platforms.domain.port import PrivacyKind
from services.ui import Chip, Speech


def outcome_chip(speech: Speech, outcome: Outcome) -> Chip:
    """What became of a delivery."""
    return {
        "waiting": Chip(speech.label("chip", "Waiting"), "neutral", "ring"),
        "taken": Chip(speech.label("chip", "Taken"), "good", "tick"),
        "ignored": Chip(speech.label("chip", "Not counted"), "neutral", "dash"),
        "failed": Chip(speech.label("chip", "Unreadable"), "bad", "cross"),
    }[outcome]


def reason_text(speech: Speech, reason: str | None) -> str:
    """Why a delivery was not taken; nothing for one that was."""
    if reason is None:
        return ""
    known = {
        "test_order": speech.say("a test order"),
        "test": speech.say("the platform’s own test"),
        "test_mode": speech.say("sent in test mode"),
        "other_topic": speech.say("tells of nothing that counts"),
        "data_request": speech.say("a customer asks the store what is kept of them"),
        "draft": speech.say("a draft, no order yet"),
        "no_order": speech.say("holds no order"),
        "no_money_went_back": speech.say("no money went back yet"),
        "no_payment_intent": speech.say("names no payment"),
        "no_kith_metadata": speech.say("a payment without metadata of Kith"),
        "no_subscription": speech.say("an invoice without a subscription"),
        "told_by_refund_events": speech.say("told by refund.* events"),
        "told_by_charge": speech.say("told by charge.refunded"),
        "credit": speech.say("a credit, no purchase"),
        "connection_ended": speech.say("the connection ended before the shop was asked"),
        "no_access": speech.say("nobody gave access to the shop"),
        "http_401": speech.say("the shop refused the password"),
        "http_403": speech.say("the shop refused the password"),
        "http_404": speech.say("the shop has no such order"),
        "http_410": speech.say("the shop has no such order"),
        "sealed with a key that is gone": speech.say("its sealing key is gone"),
    }
    if reason in known:
        return known[reason]
    word, _, field = reason.partition(": ")
    return speech.say("%(field)s cannot be read", field=field) if word == "unreadable" else reason


def wrong_text(speech: Speech, field: str) -> str:
    """What is wrong with a field of the form."""
    return {
        "secret": speech.say("This is no new secret of this platform."),
        "order_prefix": speech.say("Letters, digits, points and hyphens, 40 at most."),
        "host": speech.say("Give the shop’s public host."),
        "access": speech.say("Give the identifier and the password of a key."),
        "currency": speech.say("Give a currency’s code, as in EUR."),
    }.get(field, speech.say("This cannot be kept."))


def privacy_text(speech: Speech, kind: PrivacyKind) -> str:
    """What a platform asks in people's name."""
    return {
        "data_request": speech.say("A customer asks what is kept of them: answer them within 30 days"),
        "customer_redact": speech.say("A customer is to be forgotten: forget them in your own systems, too"),
        "shop_redact": speech.say("The whole shop is to be forgotten"),
    }[kind]
