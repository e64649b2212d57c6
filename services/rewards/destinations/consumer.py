"""Receives ambassadors: that their mail or phone changed, or that they were erased."""

from collections.abc import Sequence
from typing import Any

from contracts.events.catalog import AmbassadorSaved
from services.kernel.bus.port import Event
from services.kernel.db import Tx
from services.kernel.service import Handler
from services.rewards.destinations import actions


async def receive(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Keeps up with ambassadors' contacts."""
    await actions.receive(tx, [event.data for event in events])


HANDLERS = (Handler(events=(AmbassadorSaved,), handle=receive),)
