"""What is said of ambassadors on several pages."""

from services.links.people.sql import Status
from services.ui import Chip, Speech


def status_chip(status: Status, speech: Speech) -> Chip:
    """Whether somebody takes part."""
    match status:
        case "active":
            return Chip(speech.label("chip", "Active"), "good", "disc")
        case "blocked":
            return Chip(speech.label("chip", "Blocked"), "bad", "cross")
        case "erased":
            return Chip(speech.label("chip", "Erased"), "neutral", "dash")


def field_mend(field: str, speech: Speech) -> str:
    """What may stand in a field of an ambassador that was refused."""
    return {
        "program_id": speech.say("Choose a program that is active."),
        "email": speech.say("Write an e-mail address, such as anna@example.com."),
        "phone": speech.say("A phone number has 7 to 15 digits. Begin with + and the country’s code."),
        "external_id": speech.say("The id by which your store knows the customer, not a mail address or phone number."),
        "public_name": speech.say("At most 40 signs, without an address or a number."),
        "group": speech.say("At most 60 signs, in one line."),
        "role": speech.say("This program does not ask for that role."),
        "locale": speech.say("A language is written as in en, ru, uk or ro."),
    }.get(field) or speech.say("At most 120 signs, in one line.")
