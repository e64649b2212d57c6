"""How payouts are put into words: states, ways to pay, reasons."""

from collections.abc import Mapping
from typing import Final

from services.rewards.destinations.domain import Method
from services.rewards.payouts.domain.states import Provider
from services.ui import Chip, Speech
from services.ui.parts import Shape, Tone

_SHAPES: Final[Mapping[str, tuple[Tone, Shape]]] = {
    "draft": ("neutral", "ring"),
    "approved": ("info", "half"),
    "sent": ("info", "disc"),
    "submitting": ("info", "disc"),
    "submitted": ("info", "disc"),
    "in_transit": ("info", "disc"),
    "unknown": ("warn", "alert"),
    "paid": ("good", "tick"),
    "failed": ("bad", "cross"),
    "returned": ("bad", "back"),
    "cancelled": ("neutral", "dash"),
}


def status_label(speech: Speech, status: str) -> str:
    """The word of a payout's or a batch's status."""
    return {
        "draft": speech.label("payout", "Draft"),
        "approved": speech.label("payout", "Approved"),
        "sent": speech.label("payout", "Sent"),
        "submitting": speech.label("payout", "Being sent"),
        "submitted": speech.label("payout", "Sent"),
        "in_transit": speech.label("payout", "On its way"),
        "unknown": speech.label("payout", "No answer yet"),
        "paid": speech.label("payout", "Paid"),
        "failed": speech.label("payout", "Failed"),
        "returned": speech.label("payout", "Came back"),
        "cancelled": speech.label("payout", "Called off"),
    }[status]


def status_chip(speech: Speech, status: str) -> Chip:
    """The chip of a payout or a batch."""
    tone, shape = _SHAPES[status]
    return Chip(status_label(speech, status), tone, shape)


def reason_text(speech: Speech, reason: str | None) -> str:
    """Why a payout stands where it does; what somebody reported is shown as they reported it."""
    known = {
        "destination_changed": speech.say("The ambassador changed where the money goes."),
        "cooling_off": speech.say("The destination, mail or phone changed less than 72 hours ago."),
        "taken_back": speech.say("Rewards in it were taken back before it was sent."),
        "blocked": speech.say("The ambassador is blocked: nothing is paid until they are not."),
        "by_person": speech.say("Called off by hand."),
        "no_answer": speech.say("It was sent, and nobody has answered yet. It is asked about until somebody does."),
        "destination_gone": speech.say("It is not known any more where the money goes."),
        "provider_ended": speech.say("The way to send it was turned off before it was sent."),
        "not_sent": speech.say("It was never sent: the provider could not be called for days."),
    }
    return "" if reason is None else known.get(reason, reason)


def left_out_text(speech: Speech, why: str) -> str:
    """Why somebody with money is not paid."""
    return {
        "below_minimum": speech.say("Less than the minimum"),
        "store_credit": speech.say("Store credit only: it is not paid out"),
        "overdrawn": speech.say("More store credit was taken back than was left"),
        "not_requested": speech.say("Has not asked for the money"),
        "no_destination": speech.say("Not said where the money goes"),
        "other_method": speech.say("Cannot be paid this way"),
        "cooling_off": speech.say("Destination, mail or phone changed in the last 72 hours"),
        "blocked": speech.say("Blocked: paid once they are not"),
        "in_payout": speech.say("A payout is on its way"),
        "fraction": speech.say("PayPal pays whole units of this currency only"),
    }.get(why, why)


def provider_label(speech: Speech, provider: Provider | str) -> str:
    """A way to pay."""
    return {
        "manual": speech.say("By hand"),
        "csv": speech.say("CSV for a spreadsheet"),
        "bank_file": speech.say("Bank file (pain.001)"),
        "http": speech.say("Your own endpoint"),
        "paypal": speech.say("PayPal"),
    }.get(provider, provider)


def method_label(speech: Speech, method: Method) -> str:
    """A kind of destination."""
    return {
        "iban": speech.say("Bank account (IBAN)"),
        "paypal": speech.say("PayPal"),
        "wallet": speech.say("Electronic wallet"),
        "other": speech.say("Another way"),
    }[method]
