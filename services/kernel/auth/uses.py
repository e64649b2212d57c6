"""Which API keys are in use, seen by the way: each is to be told of about once an hour, never for each request."""

import time
from collections.abc import Mapping
from typing import Final

HOUR_S: Final = 3600.0
_MOST: Final = 10_000


class KeyUses:
    """The keys that one service in one process has seen lately. Bounded; forgets by being asked to tell again."""

    __slots__ = ("_new", "_told")

    def __init__(self) -> None:
        self._new: dict[str, str] = {}
        self._told: dict[str, float] = {}

    def note(self, store_id: str, key_id: str) -> None:
        """A key that is good was used. Runs with every request."""
        if time.monotonic() - self._told.get(key_id, -HOUR_S) >= HOUR_S:
            self._new[key_id] = store_id

    def take(self) -> dict[str, str]:
        """Key → store of those that are to be told of, from now on again in an hour."""
        used, self._new = self._new, {}
        if len(self._told) + len(used) > _MOST:
            self._told.clear()
        self._told.update(dict.fromkeys(used, time.monotonic()))
        return used

    def give_back(self, used: Mapping[str, str]) -> None:
        """They could not be told of: the next `take` has them again."""
        for key_id in used:
            self._told.pop(key_id, None)
        self._new = {**used, **self._new}
