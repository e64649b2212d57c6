"""How pools are put into words: states, and why a line of a list was left out."""

from collections.abc import Mapping
from typing import Final

from services.rewards.pages import Reader
from services.rewards.pools.actions.bring import Left
from services.rewards.pools.domain import Pool
from services.ui import Chip, Speech
from services.ui.parts import Shape, Tone

_SHAPES: Final[Mapping[str, tuple[Tone, Shape]]] = {
    "ready": ("good", "tick"),
    "making": ("info", "half"),
    "cancelled": ("neutral", "dash"),
    "failed": ("bad", "cross"),
}


def state_chip(speech: Speech, pool: Pool) -> Chip:
    """How a pool stands; that it runs low is more than that it is ready."""
    if pool.state == "ready" and pool.size == 0:
        return Chip(speech.label("chip", "No codes yet"), "neutral", "ring")
    if pool.state == "ready" and pool.low_since is not None:
        return Chip(speech.label("chip", "Runs low"), "warn", "alert")
    tone, shape = _SHAPES[pool.state]
    label = {
        "ready": speech.label("chip", "Ready"),
        "making": speech.label("chip", "Making codes"),
        "cancelled": speech.label("chip", "Stopped"),
        "failed": speech.label("chip", "Failed"),
    }[pool.state]
    return Chip(label, tone, shape)


def low_text(reader: Reader, pool: Pool) -> str:
    """That it runs low, with the cure."""
    return reader.speech.count(
        "%(n)s code is left: have more made, or add some.",
        "%(n)s codes are left: have more made, or add some.",
        pool.free,
        n=reader.fmt.number(pool.free),
    )


def left_text(reader: Reader, left: Left) -> str:
    """Why a line added nothing."""
    say = reader.speech.say
    if left.why == "twice_in_list":
        return say("Stands in line %(n)s already.", n=reader.fmt.number(left.first))
    if left.pool is not None:
        if left.why == "in_this_pool":
            return say("This pool has it already.")
        return say("The pool “%(name)s” has it already.", name=left.pool.name)
    return say("No code: letters A to Z, digits, hyphen and underscore, up to 64.")
