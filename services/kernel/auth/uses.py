"""Which API keys are in use, seen by the way: each is to be reported about once an hour, never for each request."""

from collections.abc import Mapping
from typing import Final

HOUR_US: Final = 3_600_000_000
_MOST: Final = 10_000


class KeyUses:
    """The keys that one service in one process has seen lately. Bounded. Moments are `LiveState.microseconds`."""

    __slots__ = ("_new", "_reported")

    def __init__(self) -> None:
        self._new: dict[str, str] = {}
        self._reported: dict[str, int] = {}

    def note(self, store_id: str, key_id: str, at: int) -> None:
        """A key that is good was used. Runs with every request."""
        if at - self._reported.get(key_id, 0) >= HOUR_US:
            self._new[key_id] = store_id

    def take(self, at: int) -> dict[str, str]:
        """Key → store of those that are to be reported, from now on again in an hour."""
        used, self._new = self._new, {}
        if len(self._reported) + len(used) > _MOST:
            self._reported.clear()
        self._reported.update(dict.fromkeys(used, at))
        return used

    def give_back(self, used: Mapping[str, str]) -> None:
        """They could not be reported: the next `take` has them again."""
        for key_id in used:
            self._reported.pop(key_id, None)
        self._new = {**used, **self._new}
