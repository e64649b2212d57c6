"""The steps in words: what is done, and how the next one is."""

from typing import NamedTuple

from services.analytics.set_up.domain import STEPS, Reached, StepName
from services.ui import Speech


class Stage(NamedTuple):
    """One step as the page shows it."""

    title: str
    below: str
    href: str
    action: str
    done: bool
    current: bool


def stages(reached: Reached, speech: Speech) -> list[Stage]:
    """All of them, in their order."""
    return [_stage(step, reached, speech) for step in STEPS]


def _stage(step: StepName, reached: Reached, speech: Speech) -> Stage:
    title, below, href, action = _texts(step, speech)
    return Stage(title, below, href, action, reached.done(step), step == reached.next)


def _texts(step: StepName, speech: Speech) -> tuple[str, str, str, str]:
    say = speech.say
    match step:
        case "program":
            return (
                say("A program"),
                say("It says what a friend and an ambassador get, and when."),
                "/console/links/programs/new",
                say("Make a program"),
            )
        case "ambassador":
            return (
                say("The first ambassador"),
                say("Add yourself to try it: the link and the code are there at once."),
                "/console/links/ambassadors/new",
                say("Add an ambassador"),
            )
        case "page":
            return (
                say("The store is connected"),
                say("Put the line with your publishable key into your pages, or send orders from your server."),
                "/console/links/keys",
                say("To the keys"),
            )
        case "click":
            return (
                say("The first click"),
                say("Open a share link on your phone: it is here a second later."),
                "/console/analytics/ambassadors",
                say("To the share links"),
            )
        case "order":
            return (
                say("The first order"),
                say("Buy something by that link, as a friend would."),
                "/console/attribution/orders",
                say("To the orders"),
            )
        case "reward":
            return (
                say("The first reward"),
                say("It is credited when an order with an ambassador is paid. The order says why, or why not."),
                "/console/rewards/rewards",
                say("To the rewards"),
            )
