"""How a reward is shared between an ambassador and their friend, in words. Pure."""

from contracts.splits import WHOLE, Split
from services.links.programs.domain.parts import share
from services.ui import Format, Speech


def split_terms(split: Split, speech: Speech, fmt: Format) -> str:
    """How much of it may be passed on to the friend, to an ambassador."""
    least, most = share(split.min_basis_points, fmt), share(split.max_basis_points, fmt)
    if least == most:
        return speech.say("%(share)s of it is yours, your friend gets the rest.", share=least)
    return speech.say(
        "You choose how much of it is yours, %(least)s to %(most)s; your friend gets the rest. Without a choice it is"
        " %(usual)s.",
        least=least,
        most=most,
        usual=share(split.default_basis_points, fmt),
    )


def split_choice(part: int, speech: Speech, fmt: Format) -> str:
    """A choice, to an ambassador: `part` basis points are theirs."""
    if part == WHOLE:
        return speech.say("All for me")
    if part == 0:
        return speech.say("All for my friend")
    if part == WHOLE // 2:
        return speech.say("Half for each")
    return speech.say("%(own)s for me, %(rest)s for my friend", own=share(part, fmt), rest=share(WHOLE - part, fmt))
