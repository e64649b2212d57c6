"""States and reasons of webhooks in words."""

from datetime import datetime, tzinfo
from typing import Final

from services.connectors.endpoints.domain.tries import Off, State
from services.connectors.endpoints.sql.endpoints import Endpoint
from services.connectors.endpoints.sql.sendings import Sending
from services.ui import Chip, Format, Speech

STATES: Final[tuple[State, ...]] = ("waiting", "delivered", "failed", "skipped", "withdrawn")


def state_chip(speech: Speech, state: State) -> Chip:
    """What became of a delivery."""
    return {
        "waiting": Chip(speech.label("chip", "Waiting"), "neutral", "ring"),
        "delivered": Chip(speech.label("chip", "Delivered"), "good", "tick"),
        "failed": Chip(speech.label("chip", "Failed"), "bad", "cross"),
        "skipped": Chip(speech.label("chip", "Not sent"), "neutral", "dash"),
        "withdrawn": Chip(speech.label("chip", "Withdrawn"), "neutral", "dash"),
    }[state]


def health_chip(speech: Speech, endpoint: Endpoint) -> Chip:
    """How an endpoint stands."""
    if endpoint.off is not None:
        return Chip(speech.label("chip", "Off"), "bad", "cross")
    if endpoint.failing_since is not None:
        return Chip(speech.label("chip", "Failing"), "warn", "alert")
    return Chip(speech.label("chip", "On"), "good", "disc")


def off_text(speech: Speech, off: Off | None) -> str:
    """Why an endpoint is off, and what to do; nothing for one that is on."""
    if off is None:
        return ""
    return {
        "by_hand": speech.say("Turned off by hand. What happens meanwhile is kept and can be sent later."),
        "gone": speech.say("Turned off: the endpoint answered 410, which means that it is gone."),
        "asked": speech.say("Turned off: the endpoint answered that it wants no more webhooks."),
        "failing": speech.say(
            "Turned off: for five days nothing could be delivered. Mend it, turn it on and send what it missed."
        ),
    }[off]


def sent_text(speech: Speech, fmt: Format, count: int, more_since: datetime | None) -> str:
    """How much is sent again, and from when there is more."""
    sent = speech.say("Sent again: %(n)s.", n=fmt.number(count))
    if more_since is None:
        return sent
    return f"{sent} {speech.say('There is more since %(moment)s: go on from there.', moment=fmt.moment(more_since))}"


def local_moment(moment: datetime, zone: tzinfo) -> str:
    """A moment as a form shows it, by the store's clock; empty where that clock has no such moment."""
    try:
        return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")
    except OverflowError:
        return ""


def answer_text(speech: Speech, found: Sending) -> str:
    """What the newest try brought."""
    return reason_text(speech, found.status, found.reason)


def reason_text(speech: Speech, status: int | None, reason: str | None) -> str:
    """A status, or why there was no answer."""
    if status is not None:
        return str(status)
    return {
        None: "–",
        "timeout": speech.say("no answer in time"),
        "unreachable": speech.say("nobody answers there"),
        "address_refused": speech.say("the address is not public"),
        "tls": speech.say("the certificate does not hold"),
        "no_secret": speech.say("the secret cannot be opened"),
        "internal": speech.say("a fault of ours, not of the endpoint"),
    }.get(reason, speech.say("the answer cannot be read"))
