"""States of codes at a checkout in words, and why nothing goes on."""

from collections.abc import Sequence

from services.connectors.store_codes.domain.port import State
from services.ui import Chip, Speech


def state_chip(speech: Speech, state: State) -> Chip:
    """What became of a code."""
    return {
        "waiting": Chip(speech.label("chip", "Waiting"), "neutral", "ring"),
        "in_store": Chip(speech.label("chip", "In the store"), "good", "tick"),
        "refused": Chip(speech.label("chip", "Refused"), "bad", "cross"),
        "disabled": Chip(speech.label("chip", "Disabled"), "neutral", "dash"),
    }[state]


def reason_text(speech: Speech, reason: str | None, holder: str | None) -> str:
    """Why the shop will not have a code; nothing where it does."""
    if reason is None:
        return ""
    if reason == "taken":
        return speech.say("The shop has this code already: %(holder)s", holder=holder or "–")
    if reason == "currency":
        return speech.say("The shop’s currency is %(currency)s", currency=holder or "–")
    if reason == "expired":
        return speech.say("It has ended")
    if reason == "uses":
        return speech.say("The shop has codes for one use or for any number of uses, and nothing in between")
    if reason == "letters_and_digits":
        return speech.say("Letters and digits only: the shop takes no hyphen")
    if reason == "unclear":
        return speech.say(
            "The shop says that this code is taken, but does not show by what. Look there for a deleted discount of"
            " this name, delete it for good, and try again."
        )
    if reason == "too_many":
        return speech.say(
            "The shop has more discounts than Kith can look through, so whether this code is taken there nobody knows."
            " Delete old ones, and try again."
        )
    return reason


def problem_text(speech: Speech, problem: str | None) -> str:
    """Why nothing goes on, and what to do."""
    if problem is None:
        return ""
    if problem == "no_access":
        return speech.say("Codes wait: Kith has no access to the shop’s API. Give it on the connection’s page.")
    if problem in {"http_401", "http_403", "access_denied"}:
        return speech.say("Codes wait: the shop refuses the key that Kith has. It has to allow reading and writing.")
    return speech.say("Codes wait: the shop does not answer as it should (%(what)s). Kith asks again.", what=problem)


def applied_text(speech: Speech, platform: str, *, applies: bool, hosts: Sequence[str]) -> str:
    """Whether links apply the code by themselves, and where."""
    if not applies:
        return speech.say("Links lead to the shop’s pages as they are, and the buyer enters the code.")
    if not hosts:
        return speech.say("Links will apply the code as soon as the shop has said which hosts it has.")
    at = ", ".join(hosts)
    if platform == "woocommerce":
        return speech.say("Links to pages at %(hosts)s carry the code; the lines of the guide apply it.", hosts=at)
    return speech.say("Links to pages at %(hosts)s apply the code on the way.", hosts=at)
