"""How appeals are put into words, for the store and for the ambassador."""

from services.attribution.appeals.actions import Prospect
from services.attribution.appeals.domain import Kind, State
from services.attribution.appeals.sql import Appeal
from services.common.reasons import reason_text
from services.ui import Chip, Reader, Speech


def kind_text(speech: Speech, kind: Kind) -> str:
    """What an appeal says."""
    return speech.say("This is wrong") if kind == "wrong" else speech.say("A friend is missing")


def about_text(reader: Reader, appeal: Appeal) -> str:
    """Which friend an appeal is about."""
    if appeal.friend_number is not None:
        return reader.speech.say("Friend no. %(number)s", number=reader.fmt.number(appeal.friend_number))
    return reader.speech.say("A purchase that is not in their list")


def state_text(speech: Speech, state: State) -> str:
    """A state in a word."""
    return {
        "open": speech.label("chip", "Open"),
        "accepted": speech.label("chip", "Accepted"),
        "refused": speech.label("chip", "Refused"),
        "withdrawn": speech.label("chip", "Withdrawn"),
    }[state]


def state_chip(speech: Speech, appeal: Appeal) -> Chip:
    """The same as a chip."""
    text = state_text(speech, appeal.state)
    if appeal.state == "open":
        return Chip(text, "warn", "alert")
    if appeal.state == "accepted":
        return Chip(text, "good", "tick")
    return Chip(text, "neutral", "cross" if appeal.state == "refused" else "dash")


def outcome_text(speech: Speech, appeal: Appeal) -> str:
    """What came of an accepting answer, for the store."""
    if appeal.state != "accepted":
        return ""
    return {
        "attributed": speech.say("The ambassador’s code was added to the order, which was decided again."),
        "stands": speech.say("The order counted as the ambassador’s already: nothing was changed."),
        "goodwill": speech.say("No decision was changed: the store makes it good by itself."),
    }.get(appeal.outcome or "", "")


def prospect_text(reader: Reader, found: Prospect) -> str:
    """What accepting would bring about, for the store."""
    speech = reader.speech
    if found.outcome == "attributed":
        return speech.say("If you accept: the order counts as this ambassador’s, by the code, and the rewards follow.")
    if found.outcome == "stands":
        return speech.say("The order counts as this ambassador’s already. Accepting changes nothing by itself.")
    if found.row.settled_at is not None:
        return speech.say("This order is final. Accepting changes no decision: only your goodwill can mend it.")
    if found.refused:
        return speech.say(
            "The program’s rules refuse this order even with the ambassador’s code (%(reason)s). Accepting changes no"
            " decision: only your goodwill can mend it.",
            reason=reason_text(found.refused, speech),
        )
    if found.too_many:
        return speech.say(
            "This customer has too many orders to work out what the ambassador’s code would change. Accepting changes"
            " no decision: only your goodwill can mend it."
        )
    return speech.say(
        "This ambassador has no promo code. Accepting changes no decision: only your goodwill can mend it."
    )


def wrong_text(speech: Speech, field: str) -> str:
    """What is wrong with the form, by its field."""
    return {
        "words": speech.say("Say why: the ambassador reads it."),
        "order_id": speech.say("There is no decided order with this number."),
    }.get(field, "")


def standing_text(speech: Speech, appeal: Appeal) -> str:
    """Where an appeal stands, for whom who wrote it."""
    if appeal.state == "open":
        return speech.say("The store has your message and will answer here.")
    if appeal.state == "refused":
        return speech.say("The store looked at it and stays with the decision.")
    return {
        "attributed": speech.say("The store agrees: the purchase counts as yours."),
        "stands": speech.say("The store agrees: the purchase counts as yours."),
    }.get(
        appeal.outcome or "",
        speech.say("The store agrees. The decision is final, so it makes it good in another way."),
    )
