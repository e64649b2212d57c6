"""Marks among the settled orders of a friend, so that what stands before a place is known without reading all of them.

Chance, which is the same for everybody, makes one order of sixteen a mark, one of sixteen of these a mark of the next
level too, and so on. A mark keeps what the orders come to from the mark before, of its level, up to itself. What stands
before a place is then what the marks of the highest level before it say, those of the next level behind the last of
these, and so on, and the few orders behind the last mark of all: some dozens of rows, however many orders there are.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from services.attribution.decisions.domain.history import History, Place, Step, settled_of

LEVELS: Final = 4
"""Marks of the highest are one order of 65,536."""
DENSE: Final = 200
"""Orders without a mark among them that there are only where nobody made any: orders from before there were marks."""


class Span(Struct, frozen=True):
    """Some of the orders that settled as those of one person: from a place on, and before another one."""

    store_id: str
    person_id: str
    since: Place
    until: Place


def level_of(order_id: str) -> int:
    """Up to which level an order is a mark; 0 of most."""
    digest = hashlib.md5(order_id.encode(), usedforsecurity=False).hexdigest()[:LEVELS]
    return LEVELS - len(digest.lstrip("0"))


def history_of(steps: Iterable[Step]) -> History:
    """What some settled orders come to."""
    return settled_of(steps).history


def joined(histories: Iterable[History]) -> History:
    """What sets of orders come to that have none in common."""
    found = History()
    for history in histories:
        found = found.joined(history)
    return found


def agree(marks: Mapping[int, Mapping[Place, History]], steps: Iterable[Step]) -> bool:
    """Whether marks, by level, say of the settled orders of a person that stand what these say themselves."""
    in_turn = sorted(steps, key=lambda step: step.place)
    places = [step.place for step in in_turn]
    return all(_agree(of_level, in_turn, places) for of_level in marks.values())


def _agree(marks: Mapping[Place, History], steps: Sequence[Step], places: Sequence[Place]) -> bool:
    start = 0
    for place in sorted(marks):
        end = bisect_left(places, place)
        if marks[place] != history_of(steps[start:end]):
            return False
        start = end
    return True


def encode(history: History) -> bytes:
    """As a mark keeps it."""
    return msgspec.json.encode(history)


_DECODER = msgspec.json.Decoder(History)


def decode(body: bytes) -> History:
    """As a mark kept it."""
    return _DECODER.decode(body)
