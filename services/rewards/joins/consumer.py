"""Events in: contacts whose customer the store's server has named."""

from collections.abc import Sequence
from typing import Any

from contracts.events.people import PersonJoined
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.rewards.joins.actions import join


async def on_joined(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """What lay under the contacts is the customers'."""
    await join(tx, [event.data for event in events])


HANDLERS = (Handler(events=(PersonJoined,), handle=on_joined),)
