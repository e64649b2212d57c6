"""Things of a store, by their reference, and the newest revision of each in a batch.

Events carry whole states with a revision, and come in any order and more than once: what is newest holds.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Protocol, TypeVar

Ref = tuple[str, str]
"""A store's id, and the id of something in it."""


class Revised(Protocol):
    """A state that says which of its thing's states it is."""

    @property
    def revision(self) -> int:
        """Counts from 1."""


State = TypeVar("State", bound=Revised)
Key = TypeVar("Key", bound=Hashable)


def newest(states: Iterable[State], key: Callable[[State], Key]) -> dict[Key, State]:
    """The state with the highest revision of each thing, things in the order in which they first came."""
    found: dict[Key, State] = {}
    for state in states:
        name = key(state)
        known = found.get(name)
        if known is None or known.revision < state.revision:
            found[name] = state
    return found
