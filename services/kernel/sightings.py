"""What is seen by the way of how a store is connected: the last of each kind, reported now and then, never each time.

Only what no event reports stands here: refusals, above all. Nothing is asked of a database, and nothing personal is
kept: kinds, ids of keys and connections, hosts, and reasons in one word.
"""

from typing import Final, NamedTuple

AGAIN_US: Final = 10_000_000
"""So long the next of a kind waits after one was reported."""
_MOST: Final = 2_000
"""Of all stores together: some 500 kB. What would be more is not reported."""

_MOST_CLAIMED: Final = 50
"""Of what only claims to be of a store, in ten seconds."""


class Seen(NamedTuple):
    """One kind of sighting of one store."""

    store_id: str
    kind: str
    on: str = ""
    reason: str = ""


class Sightings:
    """What one service in one process has seen lately. Bounded. Moments are `LiveState.microseconds`."""

    __slots__ = ("_claimed", "_new", "_reported")

    def __init__(self) -> None:
        self._new: dict[Seen, int] = {}
        self._reported: dict[Seen, int] = {}
        self._claimed: dict[Seen, int] = {}

    def note(self, store_id: str, kind: str, at: int, *, on: str = "", reason: str = "") -> None:
        """Something was seen. Costs a look into a dictionary, and runs where something is refused, or rarely."""
        seen = Seen(store_id, kind, on, reason)
        if seen in self._new or len(self._new) < _MOST:
            self._new[seen] = at

    def note_claimed(self, store_id: str, kind: str, at: int, *, reason: str) -> None:
        """Something was seen that only claims to be of this store: anybody may claim any store, so of these few are
        reported in a time.
        """
        seen = Seen(store_id, kind, "", reason)
        if len(self._claimed) >= _MOST_CLAIMED and seen not in self._claimed:
            self._claimed = {one: when for one, when in self._claimed.items() if at - when < AGAIN_US}
        if seen in self._claimed or len(self._claimed) < _MOST_CLAIMED:
            self._claimed.setdefault(seen, at)
            self.note(store_id, kind, at, reason=reason)

    def take(self, at: int) -> dict[Seen, int]:
        """What is to be reported now, with its moment. What was reported a moment ago waits for its turn."""
        if not self._new:
            return {}
        due = {seen: when for seen, when in self._new.items() if at - self._reported.get(seen, 0) >= AGAIN_US}
        for seen in due:
            del self._new[seen]
        if len(self._reported) + len(due) > _MOST:
            self._reported = {seen: when for seen, when in self._reported.items() if at - when < AGAIN_US}
        self._reported.update(dict.fromkeys(due, at))
        return due

    def give_back(self, taken: dict[Seen, int]) -> None:
        """They could not be reported: the next `take` has them again."""
        for seen in taken:
            self._reported.pop(seen, None)
        self._new = {**taken, **self._new}
