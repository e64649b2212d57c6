"""What pages remember beside links in memory: as fresh as the link, since a changed link is another entry."""

from collections import OrderedDict
from typing import Any

from services.links.redirect.hot.entry import Entry


class Beside:
    """One thing for each of the links that were asked for last, at most `most`, each some kilobytes."""

    def __init__(self, most: int = 4_000) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[Entry, Any]] = OrderedDict()

    def get(self, entry: Entry) -> Any | None:
        """What was kept for this very entry."""
        found = self._kept.get(entry.link_id)
        if found is None or found[0] is not entry:
            return None
        self._kept.move_to_end(entry.link_id)
        return found[1]

    def keep(self, entry: Entry, thing: Any) -> None:
        """Remembers it, instead of what was kept for an older entry of this link."""
        self._kept[entry.link_id] = (entry, thing)
        self._kept.move_to_end(entry.link_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
