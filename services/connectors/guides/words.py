"""Guides as pages show them: texts in the reader's language, code with the connection's own addresses."""

from typing import Final, NamedTuple

from markupsafe import Markup, escape

from services.connectors.guides.domain.guide import Guide, Step, filled, pieces
from services.connectors.platforms.domain.registry import PLATFORMS
from services.ui import Speech

HOME: Final = "/console/connectors/guides"
CHECK: Final = "/console/analytics/install"
KEYS: Final = "/console/links/keys/new"


class Shown(NamedTuple):
    """One step as the page shows it."""

    text: Markup
    code: str
    topics: tuple[str, ...]


def title_of(guide: Guide, speech: Speech) -> str:
    """What the guide is for."""
    platform = PLATFORMS.get(guide.name)
    return platform.title if platform is not None else speech.say("Your own server")


def steps_of(guide: Guide, speech: Speech, *, kith: str, url: str, secret: str) -> list[Shown]:
    """All steps, in their order."""
    return [_step(guide, step, speech, kith=kith, url=url, secret=secret) for step in guide.steps]


def text_of(text: str, speech: Speech) -> Markup:
    """A text with its code marked as such."""
    parts = (
        Markup("<code>{}</code>").format(piece) if is_code else escape(piece)
        for piece, is_code in pieces(speech.say(text))
    )
    return Markup("").join(parts)


def _step(guide: Guide, step: Step, speech: Speech, *, kith: str, url: str, secret: str) -> Shown:
    platform = PLATFORMS.get(guide.name)
    topics = platform.topics if step.topics and platform is not None else ()
    return Shown(text_of(step.text, speech), filled(step.code, kith=kith, url=url, secret=secret), topics)
