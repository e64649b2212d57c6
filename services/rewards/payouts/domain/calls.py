"""When a provider is called again, and what is done next for a sending. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from services.rewards.providers.domain.port import IN_ONE_CALL, Kind

CALL_S: Final = 45.0
"""For one run: a token, a call, or the pages of a batch."""
BUSY_FOR: Final = timedelta(seconds=60)
"""How long a call may be on its way, its process's death included: so long nobody else says what became of it."""
LATER: Final = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""After a sending ended, it is looked at again: what was paid may come back."""
NO_END: Final = timedelta(days=60)
"""What has no end after so long, an operator sees."""
NO_SECRET: Final = timedelta(minutes=10)
"""While a provider's secret cannot be opened, nothing is sent and nothing counts."""
_ASK_SOONEST: Final = timedelta(seconds=3)
_ASK_LATEST: Final = timedelta(hours=6)
_DOUBT_SOONEST: Final = timedelta(seconds=2)
_DOUBT_LATEST: Final = timedelta(minutes=30)
_BARRED_SOONEST: Final = timedelta(seconds=30)
_BARRED_LATEST: Final = timedelta(minutes=30)


def sendings(kind: Kind, batch_id: str, ids: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The sendings of a batch: (key, payouts). A payout that goes by itself is its own key."""
    most = IN_ONE_CALL[kind]
    if most == 1:
        return [(one, [one]) for one in ids]
    parts = [list(ids[start : start + most]) for start in range(0, len(ids), most)]
    return [(f"{batch_id}-{number}", part) for number, part in enumerate(parts, start=1)]


def ask_again(age: timedelta) -> timedelta:
    """When a sending that was taken is looked at again: soon at first, later four times a day."""
    return min(max(age / 4, _ASK_SOONEST), _ASK_LATEST)


def doubt_again(age: timedelta) -> timedelta:
    """When a sending is asked about that nobody answered for."""
    return min(max(age / 4, _DOUBT_SOONEST), _DOUBT_LATEST)


def barred_again(age: timedelta) -> timedelta:
    """When a provider is tried again that takes nothing from us; other credentials end the wait."""
    return min(max(age / 4, _BARRED_SOONEST), _BARRED_LATEST)
