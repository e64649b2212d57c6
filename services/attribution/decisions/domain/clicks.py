"""The clicks that may count for a friend's orders, in the order of their times, so that each order finds its own."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime

from contracts.events.tracking import TokenClaims, TokenProblem
from services.attribution.decisions.domain.set_up import GRACE, LONGEST_WINDOW

MOST_CLICKS = 100
"""Of a friend's clicks that an order may have come from, the newest so many are reviewed. People have a handful."""

Entry = tuple[datetime, str, TokenClaims, bool]
"""When, which click, and whether it serves somebody else."""


class Clicks:
    """Clicks, sorted by time. Of two reports of one click that of a person counts."""

    def __init__(self, own: Iterable[TokenClaims], taken: Iterable[TokenClaims]) -> None:
        entries = {click.click_id: (click.at, click.click_id, click, True) for click in taken}
        own = sorted(own, key=lambda click: click.mark == "person")
        entries |= {click.click_id: (click.at, click.click_id, click, False) for click in own}
        self._entries: list[Entry] = sorted(entries.values(), key=lambda entry: entry[:2])
        self._times = [entry[0] for entry in self._entries]

    def before(self, placed_at: datetime) -> Iterator[tuple[TokenClaims, bool]]:
        """Clicks from which an order of this moment may have come, the newest ones, and the first one after it: that
        says why nothing counts where nothing does.
        """
        end = bisect_right(self._times, placed_at + GRACE)
        start = max(bisect_left(self._times, placed_at - LONGEST_WINDOW), end - MOST_CLICKS)
        for _, _, click, taken in self._entries[start : end + 1]:
            yield click, taken


class Problems:
    """When tokens were seen that prove nothing, by what is wrong with them."""

    def __init__(self, seen: Iterable[tuple[TokenProblem, datetime]]) -> None:
        self._times: dict[TokenProblem, list[datetime]] = {}
        for problem, at in seen:
            self._times.setdefault(problem, []).append(at)
        for times in self._times.values():
            times.sort()

    def before(self, placed_at: datetime) -> dict[TokenProblem, datetime]:
        """The newest of each kind that was seen before an order of this moment."""
        found: dict[TokenProblem, datetime] = {}
        for problem, times in self._times.items():
            end = bisect_right(times, placed_at + GRACE)
            if end:
                found[problem] = times[end - 1]
        return found
