"""What stands between the end of a hold and money that can be used. Pure."""

from datetime import timedelta
from enum import Enum, auto
from typing import Final, Literal, get_args

Way = Literal["automatic", "by_hand", "ask"]
"""How rewards become available once their hold is over: at once, when somebody has approved each, or when the store's
own server was asked and let it pass.
"""
WAYS: Final[tuple[Way, ...]] = get_args(Way)

RELEASE_JOB: Final = "release"
"""The due job that releases, and that looks after what waits when a rule has changed."""
SECRET: Final = "release-secret"  # noqa: S105  # the name of a purpose
"""Purpose of a secret that signs questions, at rest; its owner is the secret's id."""
LONGEST_OVERLAP: Final = timedelta(days=7)


class Door(Enum):
    """What a reward that is due meets."""

    OPEN = auto()
    PERSON = auto()
    STORE = auto()


def door_of(way: Way, *, approved: bool) -> Door:
    """What stands before a reward that is due. Whoever approved it by hand has answered for the store: nobody is asked
    again.
    """
    if approved or way == "automatic":
        return Door.OPEN
    return Door.STORE if way == "ask" else Door.PERSON
