"""How goodwill is put into words: states, moments of its life, periods."""

from collections.abc import Mapping
from typing import Final

from services.common.periods import Period
from services.rewards.goodwill.domain import Goodwill, StepKind
from services.rewards.pages import Reader
from services.rewards.rules.domain import POINTS, PayAs
from services.ui import Chip, Speech
from services.ui.parts import Shape, Tone

_SHAPES: Final[Mapping[str, tuple[Tone, Shape]]] = {
    "waiting": ("warn", "half"),
    "granted": ("good", "tick"),
    "refused": ("neutral", "dash"),
    "taken_back": ("bad", "back"),
}


def status_label(speech: Speech, status: str) -> str:
    """The word of a status."""
    return {
        "waiting": speech.label("goodwill", "Waits for a second person"),
        "granted": speech.label("goodwill", "Given"),
        "refused": speech.label("goodwill", "Refused"),
        "taken_back": speech.label("goodwill", "Taken back"),
    }[status]


def shown_status(one: Goodwill) -> str:
    """The status, and that nothing is left of what was given."""
    return "taken_back" if one.status == "granted" and one.left_minor == 0 else one.status


def status_chip(speech: Speech, one: Goodwill) -> Chip:
    """Its chip."""
    tone, shape = _SHAPES[shown_status(one)]
    return Chip(status_label(speech, shown_status(one)), tone, shape)


def step_text(reader: Reader, kind: StepKind, amount: str) -> str:
    """A moment of its life."""
    say = reader.speech.say
    return {
        "asked": say("Asked for: %(amount)s", amount=amount),
        "granted": say("Given: %(amount)s", amount=amount),
        "approved": say("Approved by a second person: %(amount)s", amount=amount),
        "refused": say("Refused: %(amount)s", amount=amount),
        "taken_back": say("Taken back: %(amount)s", amount=amount),
    }[kind]


def pay_as_label(speech: Speech, pay_as: PayAs) -> str:
    """What it is given as."""
    return {
        "cash": speech.say("Money"),
        "store_credit": speech.say("Store credit"),
        "points": speech.say("Points"),
    }[pay_as]


def unit_label(speech: Speech, unit: str) -> str:
    """A currency by its code, or points."""
    return speech.say("Points") if unit == POINTS else unit


def period_label(speech: Speech, period: Period) -> str:
    """A period of a limit."""
    return {
        "day": speech.say("a day"),
        "week": speech.say("a week"),
        "month": speech.say("a month"),
        "year": speech.say("a year"),
        "ever": speech.say("in all"),
    }[period]
