"""States of imports in words."""

from services.connectors.history.sql import History
from services.ui import Chip, Speech


def state_chip(speech: Speech, history: History) -> Chip:
    """How an import stands."""
    if history.state == "running":
        return Chip(speech.label("chip", "Importing"), "neutral", "ring")
    if history.state == "stopped":
        return Chip(speech.label("chip", "Stopped"), "bad", "cross")
    return Chip(speech.label("chip", "Imported"), "good", "disc")


def reason_text(speech: Speech, history: History) -> str:
    """Why it stopped, and what helps; nothing where it did not."""
    if history.reason is None:
        return ""
    known = {
        "no_access": speech.say("The access may not read orders. Give one that may: then it goes on."),
        "refused": speech.say("The access may not read orders. Give one that may: then it goes on."),
        "http_404": speech.say("At this host nobody answers as the platform’s API does. Look at the host."),
        "unreadable": speech.say("The answer was not the platform’s API’s. Look at the host."),
        "address_refused": speech.say("The host leads to an address that is not public."),
        "no_key": speech.say("What opens the access has left Kith’s settings."),
        "long": speech.say("The platform’s list of orders came to no end."),
        "internal": speech.say("A fault of ours ended it. Import again: it goes on where it was."),
    }
    away = speech.say("Nobody answered at the platform for a day. Import again: it goes on where it was.")
    return known.get(history.reason, away)
