"""The port to whoever pays out. An adapter makes one call, or a few that belong together; when the next one comes, and
what becomes of payouts, is not its business.
"""

from datetime import datetime
from typing import Protocol

from services.rewards.providers.domain.port import Answer, Sending


class Port(Protocol):
    """A provider, as a store has set it up."""

    async def pay(self, sending: Sending, *, first: bool, now: datetime) -> Answer:
        """Has the payouts of a sending paid, once, however often it is given under its key. `first`: it was never
        given before, or was refused as a whole.
        """

    async def look_up(self, sending: Sending, *, now: datetime) -> Answer:
        """What became of a sending. `Absent` where the provider is sure that it never took it."""

    async def check(self, *, now: datetime) -> str | None:
        """Tries the credentials without paying anything: None if they hold, or a constant word for what is wrong."""
