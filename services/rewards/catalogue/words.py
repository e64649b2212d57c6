"""How the catalogue and redemptions are put into words: kinds, states, prices, and what is in the way."""

from collections.abc import Mapping
from typing import Final

from services.kernel.errors import AppError
from services.rewards.catalogue.domain import Item, Redemption, Why
from services.rewards.pages import Reader
from services.rewards.spending.domain import NotEnough
from services.ui import Chip, Speech
from services.ui.parts import Shape, Tone

_REDEMPTIONS: Final[Mapping[str, tuple[Tone, Shape]]] = {
    "requested": ("info", "half"),
    "fulfilled": ("good", "tick"),
    "cancelled": ("neutral", "dash"),
    "returned": ("neutral", "back"),
}


def kind_label(speech: Speech, kind: str) -> str:
    """What an item is."""
    return {
        "discount": speech.say("Discount"),
        "goods": speech.say("Goods"),
        "service": speech.say("Service"),
    }[kind]


def status_label(speech: Speech, status: str) -> str:
    """How far a redemption is."""
    return {
        "requested": speech.label("chip", "Waits"),
        "fulfilled": speech.label("chip", "Fulfilled"),
        "cancelled": speech.label("chip", "Cancelled"),
        "returned": speech.label("chip", "Returned"),
    }[status]


def status_chip(speech: Speech, status: str) -> Chip:
    """The chip of a redemption."""
    tone, shape = _REDEMPTIONS[status]
    return Chip(status_label(speech, status), tone, shape)


def item_status_label(speech: Speech, status: str) -> str:
    """Whether an item is offered, as forms say it."""
    return {
        "active": speech.say("Offered"),
        "paused": speech.say("Paused: seen, and not offered"),
        "archived": speech.say("Archived: seen by nobody"),
    }[status]


def why_text(speech: Speech, why: Why) -> str:
    """Why nobody can redeem an item now."""
    return {
        "paused": speech.label("chip", "Paused"),
        "too_early": speech.label("chip", "Later"),
        "too_late": speech.label("chip", "Over"),
        "out_of_stock": speech.label("chip", "Sold out"),
    }[why]


def item_chip(reader: Reader, item: Item, free: int | None) -> Chip:
    """Whether an item can be redeemed now."""
    if item.status == "archived":
        return Chip(reader.speech.label("chip", "Archived"), "neutral", "dash")
    why = item.barred(reader.now, free)
    if why is None:
        return Chip(reader.speech.label("chip", "Offered"), "good", "tick")
    return Chip(why_text(reader.speech, why), "warn" if why == "out_of_stock" else "neutral", "dash")


def price_text(reader: Reader, item: Item) -> str:
    """What it costs, in no tier."""
    return reader.amount(item.price, item.unit)


def cost_text(reader: Reader, one: Redemption) -> str:
    """What it cost."""
    return reader.amount(one.price, one.unit)


def wrong_text(reader: Reader, wrong: AppError | None) -> str:
    """What is in the way, in the reader's words; empty where nothing is, or where it stands at a field."""
    if wrong is None or wrong.errors:
        return ""
    say = reader.speech.say
    if isinstance(wrong, NotEnough):
        return say("That is not enough for it.")
    return {
        "item_not_found": say("This is no longer offered."),
        "item_unavailable": say("It cannot be redeemed now."),
        "price_changed": say("The price has changed: look at it once more."),
        "ambassador_blocked": say("The store has paused sharing for you."),
        "redemption_state": say("It has moved on meanwhile."),
    }.get(wrong.code, say("It cannot be redeemed now."))
