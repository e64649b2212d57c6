"""States of polls and kinds of gaps in words."""

from services.connectors.polls.domain import STOOD_STILL
from services.connectors.polls.sql import Gap, Poll
from services.ui import Chip, Speech


def state_chip(speech: Speech, poll: Poll) -> Chip:
    """How a poll stands."""
    if poll.state == "running":
        return Chip(speech.label("chip", "Looking"), "neutral", "ring")
    if poll.state == "stopped":
        return Chip(speech.label("chip", "Stopped"), "bad", "cross")
    if poll.reason == STOOD_STILL:
        return Chip(speech.label("chip", "Incomplete"), "warn", "alert")
    if poll.reason is not None:
        return Chip(speech.label("chip", "Broken off"), "warn", "alert")
    return Chip(speech.label("chip", "On"), "good", "disc")


def gap_chip(speech: Speech, gap: Gap) -> Chip:
    """What was not reported."""
    if gap.late_at is not None:
        return Chip(speech.label("chip", "Late"), "neutral", "dash")
    if gap.kind == "missed":
        return Chip(speech.label("chip", "Missed"), "bad", "cross")
    return Chip(speech.label("chip", "Changed"), "warn", "alert")


def reason_text(speech: Speech, poll: Poll) -> str:
    """Why the last round ended early, and what becomes of it; nothing where it did not."""
    if poll.reason is None or poll.state == "running":
        return ""
    known = {
        "http_401": speech.say("The platform refused the access. Give another: then Kith looks again."),
        "http_403": speech.say("The access may not read orders. Give one that may: then Kith looks again."),
        "refused": speech.say("The access may not read orders. Give one that may: then Kith looks again."),
        "no_access": speech.say("Kith has no access to the platform’s API any more. Give it: then Kith looks again."),
        "http_404": speech.say("At this host nobody answers as the platform’s API does. Look at the host."),
        "unreadable": speech.say("The answer was not the platform’s API’s. Look at the host."),
        "address_refused": speech.say("The host leads to an address that is not public."),
        "no_key": speech.say("What opens the access has left Kith’s settings."),
        "stood_still": speech.say(
            "Nobody had looked for 13 days. What changed before them was not looked at: webhooks alone told of it."
        ),
        "long": speech.say("There is more than one round asks for. The next round goes on."),
        "internal": speech.say("A fault of ours ended it. The next round goes on."),
    }
    if poll.reason in {"busy", "http_429", "http_503"}:
        return speech.say("The platform was too busy to answer. The next round goes on.")
    return known.get(poll.reason, speech.say("Nobody answered at the platform. The next round goes on."))
